// Signing up, in and out: what a person asks for.
import { Fact, Field, Message, Verdict, Why } from '#core/constants'
import type { SignIn, SignUp, User } from './api'
import { now } from './clock'
import { diagnosed } from './diagnose'
import { StayError } from './errors'
import type { Host } from './host'
import { tokenOf } from './host'
import { mayRecall } from './recall'
import { endEntry, note, readText, writeRecord } from './refresh'
import type { Fields, Told } from './talk'
import { build, random32, sha256, talk, toBase64url } from './talk'
import type { Entry } from './vault'

/** What a new session of committed rotation starts with. */
interface Secrets {
  first: Uint8Array
  session: Uint8Array
  sid: string
  next: string
}

/** No other rotation wants any: its dialects work on plain http, too. */
async function drawSecrets(host: Host): Promise<Secrets | undefined> {
  if (!host.has(Fact.IS_COMMITTED)) return undefined
  const first = random32()
  const session = random32()
  return {
    first,
    session,
    sid: toBase64url((await sha256(session)).slice(0, 16)),
    next: toBase64url(await sha256(first))
  }
}

function unspoken(host: Host, what: string): StayError {
  return new StayError('STAY_BAD_CONFIG', 'config', `${what}: the dialect '${host.dialect}' has no such message, or needs more`)
}

function signInFields(host: Host, asked: SignIn, secrets: Secrets | undefined): Fields {
  const fields: Fields = { [Field.PASSWORD]: asked.password }
  if (secrets !== undefined) fields[Field.NEXT] = secrets.next
  const label = asked.label ?? host.options.label
  if (label !== undefined) fields[Field.LABEL] = label
  if (secrets !== undefined && !host.cookie) fields[Field.SID] = secrets.sid
  return fields
}

/** Where a name will do as well as an address, it is an address. */
function buildSignIn(host: Host, message: Message, asked: SignIn, fields: Fields) {
  const named = { ...fields, [Field.USERNAME]: asked.username }
  if (!asked.username.includes('@')) return build(host, message, named)
  return build(host, message, { ...fields, [Field.EMAIL]: asked.username }) ?? build(host, message, named)
}

function keep(host: Host, entry: Entry, asked: SignIn, told: Told, secrets: Secrets | undefined): void {
  const begun = [entry.record, entry.line].find((text) => isOf(host, text, told.sid))
  entry.signIn = Math.max(entry.signIn, host.entry.signIn) + 1
  entry.ended = Why.NONE
  entry.signOutDue = false
  entry.user = told.user ?? { username: asked.username, roles: [] }
  entry.generation += 1
  entry.lifeMs = told.lifeMs
  entry.receivedMs = now()
  entry.record = entry.refresh = entry.access = undefined
  entry.unanswered = false
  entry.unsure = entry.line = undefined
  entry.budget = ''
  if (!host.cookie) {
    entry.access = told.access
    entry.refresh = told.refresh
  }
  if (begun !== undefined) entry.record = begun
  else if (secrets !== undefined) startRecord(host, entry, told, secrets)
  note(entry, 'signed-in')
}

/** Another tab met the cookie of this sign-in first, and began a line (recall.ts). */
function isOf(host: Host, text: string | undefined, sid: string | undefined): boolean {
  if (!host.cookie || text === undefined || !readText(host, text)) return false
  host.core.c.record_facts(host.id)
  return host.core.read(1) === sid
}

function startRecord(host: Host, entry: Entry, told: Told, secrets: Secrets): void {
  const { core } = host
  const length = core.write(host.cookie ? told.sid ?? '' : secrets.sid)
  core.writeBytes(secrets.first, length)
  core.writeBytes(secrets.session, length + 32)
  if (core.c.record_start(host.id, length, host.cookie ? 0 : 1) !== 0) {
    throw new StayError('STAY_BAD_REPLY', 'unrecognised', 'The server named no session.')
  }
  writeRecord(host, entry)
}

export async function signIn(host: Host, asked: SignIn): Promise<User> {
  await host.opening
  // The last chance to tell of a session that this one replaces.
  if (host.entry.signOutDue) await tellSignOut(host)
  const secrets = await drawSecrets(host)
  const message = host.cookie ? Message.SIGN_IN_COOKIE : Message.SIGN_IN
  const built = buildSignIn(host, message, asked, signInFields(host, asked, secrets))
  if (built === undefined) throw unspoken(host, 'sign in')
  const wasUnsure = await doubt(host)
  const told = await talk(host, message, built)
  if (told.verdict !== Verdict.GRANTED) {
    if (!wasUnsure && wasHeard(told)) await setUnsure(host, undefined)
    throw await diagnosed(host, message, told)
  }
  let kept = host.entry
  await host.vault.change((entry) => {
    keep(host, entry, asked, told, secrets)
    kept = entry
    return true
  })
  secrets?.first.fill(0)
  secrets?.session.fill(0)
  welcome(host, kept, told.access!)
  if (told.user === undefined) await readMe(host)
  return host.entry.user!
}

/** A session begins in this page; every tab is told. */
export function welcome(host: Host, entry: Entry, access: string): void {
  host.token = tokenOf(entry, access)
  host.adopt(entry)
  host.tabs.tell({ kind: 'news' })
  host.tabs.tell({ kind: 'token', token: host.token })
}

async function setUnsure(host: Host, unsure: true | undefined): Promise<boolean> {
  let was = false
  await host.vault.change((entry) => {
    was = entry.unsure === true
    entry.unsure = unsure
    return was !== (unsure === true)
  })
  return was
}

/** From here on the cookie may be newer than the vault, whatever becomes of this page. */
async function doubt(host: Host): Promise<boolean> {
  return !host.cookie || setUnsure(host, true)
}

/** Who am I? Where the sign-in did not say. */
export async function readMe(host: Host): Promise<void> {
  if (!host.has(Fact.HAS_ME)) return
  const built = build(host, Message.ME, {}, true)
  if (built === undefined) return
  const told = await talk(host, Message.ME, built)
  if (told.verdict !== Verdict.GRANTED || told.user === undefined) return
  await changeUser(host, told.user)
}

/** The user as the server has it now; told to every tab. */
export async function changeUser(host: Host, user: User): Promise<void> {
  await host.vault.change((entry) => {
    if (!host.isLive(entry) || entry.signIn !== host.entry.signIn) return false
    entry.user = user
    host.entry = entry
    return true
  })
  host.tabs.tell({ kind: 'news' })
  host.changed()
}

export async function signUp(host: Host, asked: SignUp): Promise<void> {
  await host.opening
  const fields: Fields = {
    [Field.USERNAME]: asked.username,
    [Field.PASSWORD]: asked.password,
    [Field.PASSWORD_AGAIN]: asked.password
  }
  if (asked.email !== undefined) fields[Field.EMAIL] = asked.email
  if (asked.roles !== undefined) fields[Field.ASKED_ROLES] = asked.roles.join(' ')
  const built = build(host, Message.SIGN_UP, fields)
  if (built === undefined) throw unspoken(host, 'sign up')
  const told = await talk(host, Message.SIGN_UP, built)
  if (told.verdict !== Verdict.GRANTED) throw await diagnosed(host, Message.SIGN_UP, told)
}

/** Forgets the session here, durably, and then tells the server. */
export async function signOut(host: Host): Promise<void> {
  await host.opening
  await host.vault.change((entry) => {
    if (!host.isLive(entry) && !mayRecall(host, entry)) return false
    endCommitted(host, entry)
    endEntry(entry, Why.SIGNED_OUT, true)
    return true
  })
  const access = host.token
  await host.sync()
  host.tabs.tell({ kind: 'news' })
  host.token = access // some families want to see it once more
  try {
    await tellSignOut(host)
  } finally {
    host.token = undefined
  }
}

function endCommitted(host: Host, entry: Entry): void {
  if (!host.has(Fact.IS_COMMITTED)) return
  const { core } = host
  const length = core.write(entry.record ?? '')
  if (length <= 0 || core.c.record_read(host.id, length) !== 0) return
  core.c.record_end(host.id, 1, 1)
  writeRecord(host, entry)
}

function buildSignOut(host: Host, entry: Entry) {
  const fields: Fields = {}
  const { core } = host
  const shows = host.has(Fact.SIGN_OUT_SHOWS_TOKEN)
  if (host.cookie) return build(host, Message.SIGN_OUT_COOKIE, fields, shows)
  const length = core.write(entry.record ?? '')
  if (length > 0 && core.c.record_read(host.id, length) === 0) {
    core.c.record_facts(host.id)
    fields[Field.SESSION] = core.read()
  }
  if (entry.refresh !== undefined) fields[Field.REFRESH] = fields[Field.TOKEN] = entry.refresh
  if (host.token !== undefined) fields[Field.ACCESS] = host.token.access
  return build(host, Message.SIGN_OUT, fields, shows)
}

/** 2xx in the dialect's words, or any 4xx that is not "later": it has heard. */
function wasHeard(told: Told): boolean {
  if (told.verdict === Verdict.LATER || told.status === 408 || told.status === 425 || told.status === 429) return false
  return told.verdict !== Verdict.NONE || (told.status >= 400 && told.status < 500)
}

const telling = new WeakMap<Host, Promise<void>>()

/** Tells the server of a sign-out that it does not know of yet; once at a time. */
export function tellSignOut(host: Host): Promise<void> {
  let running = telling.get(host)
  if (running === undefined) {
    running = tellOnce(host).finally(() => { telling.delete(host) })
    telling.set(host, running)
  }
  return running
}

async function tellOnce(host: Host): Promise<void> {
  const entry = await host.vault.read()
  if (!entry.signOutDue) return
  const message = host.cookie ? Message.SIGN_OUT_COOKIE : Message.SIGN_OUT
  const built = buildSignOut(host, entry)
  // Nothing can be told in this dialect; or it is told now.
  if (built !== undefined && !wasHeard(await talk(host, message, built))) return
  await host.vault.change((now) => {
    if (now.signIn !== entry.signIn || !now.signOutDue) return false
    now.signOutDue = false
    now.record = now.refresh = undefined
    host.entry = now
    return true
  })
}
