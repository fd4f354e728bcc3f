// One refresh: what must be durable is, then one message, then what its answer
// makes of the session. The core decides; the vault is changed in two steps that
// no other tab can break into.
import { Case, End, Fact, Field, Message, Num, Outcome, RecordKind, Step, Todo, Why } from '#core/constants'
import { tellSignOut } from './account'
import { now } from './clock'
import { reasonOf } from './reasons'
import type { Host } from './host'
import { tokenOf } from './host'
import { recallInTurn } from './recall'
import type { Recalled } from './recall'
import type { Fields, Refreshed } from './talk'
import { build, random32, sha256, talkRefresh, toBase64url } from './talk'
import type { Entry } from './vault'

/** How a refresh ended, for the engine. */
interface Ending {
  outcome: End
  why: Why
  retryMs: number
  /** Its tokens, for GRANTED and ADOPTED. */
  entry?: Entry
  /** Of the answer; 0: none. */
  status: number
}

/** What the vault said before the message went out. */
export interface Sent {
  fields: Fields
  /** Committed: what `next` is the hash of. */
  next?: Uint8Array
  signIn: number
  generation: number
  repeats: boolean
  /** Of recall.ts: what was recorded of the line. */
  line?: string
  /** The vault as last seen. */
  entry: Entry
  /** The cookie is another session's, and the vault has not moved. */
  isOther?: boolean
}

const passing: Partial<Record<Outcome, [End, Why]>> = {
  [Outcome.UNRECOGNISED]: [End.UNRECOGNISED, Why.UNRECOGNISED],
  [Outcome.NOT_SENT]: [End.NOT_SENT, Why.NO_CONNECTION],
  [Outcome.UNKNOWN]: [End.UNKNOWN, Why.NO_ANSWER],
  [Outcome.CONFIG]: [End.MISCONFIGURED, Why.CONFIG]
}

const recordWhy = [Why.NONE, Why.SIGNED_OUT, Why.UNKNOWN, Why.REVOKED,
  Why.EXPIRED, Why.DISABLED, Why.REUSE, Why.SERVER_LOST]

export const caseWhy: Partial<Record<Case, Why>> = {
  [Case.UNKNOWN]: Why.UNKNOWN,
  [Case.EXPIRED]: Why.EXPIRED,
  [Case.REVOKED]: Why.REVOKED,
  [Case.SPENT]: Why.REVOKED,
  [Case.DISABLED]: Why.DISABLED,
  [Case.HIDDEN]: Why.DISABLED,
  [Case.DELETED]: Why.DISABLED,
  [Case.REUSE]: Why.REUSE
}

function ending(outcome: End, why: Why = Why.NONE): Ending {
  return { outcome, why, retryMs: 0, status: 0 }
}

/** The session ended: what is left of it, and why. */
export function endEntry(entry: Entry, why: Why, due: boolean): void {
  entry.ended = why
  entry.signOutDue = due
  entry.unsure = entry.line = undefined
  entry.user = undefined
  entry.access = undefined
  if (!due) entry.refresh = undefined
  note(entry, 'signed-out', why)
}

const logMax = 20

export function note(entry: Entry, what: string, why: Why = Why.NONE, status = 0): void {
  entry.log.push({ at: Date.now(), what, reason: reasonOf(why) || undefined, status: status || undefined })
  entry.log.splice(0, entry.log.length - logMax)
}

function readRecord(host: Host, entry: Entry): boolean {
  return entry.record !== undefined && readText(host, entry.record)
}

/** A record's text; without one, a record of nobody. */
export function readText(host: Host, text = ''): boolean {
  const length = host.core.write(text)
  return length >= 0 && host.core.c.record_read(host.id, length) === 0
}

export function writeRecord(host: Host, entry: Entry): void {
  host.core.c.record_write(host.id)
  entry.record = host.core.read()
  host.core.c.wipe()
}

/** The record says that it is over. */
function endByRecord(host: Host, entry: Entry): Ending {
  const facts = host.core.c.record_facts(host.id)
  const why = recordWhy[facts >>> 8 & 0xff]
  endEntry(entry, why, facts >>> 16 !== 0)
  writeRecord(host, entry)
  return ending(End.REFUSED, why)
}

/** A step; or, of a browser whose secrets fit no more, what leads to a new line. */
export function fieldsOf(host: Host, kind: RecordKind): Fields {
  const { core } = host
  const fields: Fields = { [Field.GENERATION]: core.get(Num.GENERATION) }
  const sid = core.read(0)
  if (sid !== '') fields[Field.SID] = sid
  if (kind === RecordKind.ASK) {
    fields[Field.GENERATION] = null
  } else if (kind === RecordKind.LINE) {
    fields[Field.FROM] = core.read(1)
    fields[Field.TO] = core.get(Num.TO)
  } else {
    fields[Field.SECRET] = core.read(1)
  }
  return fields
}

function prepareCommitted(host: Host, entry: Entry, sent: Sent): Ending | undefined {
  const { core } = host
  if (!readRecord(host, entry)) return ending(End.PASSING, Why.VAULT)
  core.set(Num.WALL_MS, Date.now())
  core.writeBytes(random32())
  const todo = core.c.record_begin(host.id)
  if ((todo & Step.SEND) === 0) return endByRecord(host, entry)
  sent.fields = fieldsOf(host, todo >>> 16)
  const session = core.read(2)
  if (session !== '') sent.fields[Field.SESSION] = session
  if (todo >>> 16 !== RecordKind.ASK) sent.next = core.readBytes(3).slice()
  writeRecord(host, entry)
  return undefined
}

function prepareOffered(host: Host, entry: Entry, sent: Sent): void {
  sent.repeats = entry.unanswered === true
  entry.unanswered = !host.has(Fact.IS_REPEAT_SAFE)
  sent.fields = {}
  if (entry.refresh !== undefined) sent.fields[Field.REFRESH] = entry.refresh
  // Some families want to see the access token again, expired or not.
  if (entry.access !== undefined) sent.fields[Field.ACCESS] = entry.access
}

function readBudget(host: Host, entry: Entry): void {
  host.core.c.budget_read(host.id, Math.max(host.core.write(entry.budget), 0))
}

function writeBudget(host: Host, entry: Entry): void {
  host.core.c.budget_write(host.id)
  entry.budget = host.core.read()
}

/** The budget as it is in this page, for all tabs. */
export function shareBudget(host: Host, entry: Entry): boolean {
  if (entry.signIn !== host.entry.signIn) return false
  writeBudget(host, entry)
  return true
}

/**
 * With the vault read: everything up to the first byte. Undefined where the
 * engine wants nothing any more; an Ending where nothing is to be sent.
 */
function prepare(host: Host, number: number, entry: Entry, sent: Sent): Ending | 'send' | 'over' {
  const { c } = host.core
  if (!host.isLive(entry) || entry.signIn !== host.entry.signIn) {
    host.adopt(entry)
    return ending(End.PASSING)
  }
  const held = host.token?.signIn === entry.signIn && host.token.generation === entry.generation
  if (held && entry.generation > c.refresh_from(host.id)) {
    return { ...ending(End.ADOPTED), entry }
  }
  readBudget(host, entry)
  host.core.set(Num.NUMBER, number)
  const todo = host.note(host.engine.call(host.id))
  writeBudget(host, entry)
  if ((todo & Todo.CALL) === 0) return 'over'
  sent.signIn = entry.signIn
  sent.generation = entry.generation
  if (!host.has(Fact.IS_COMMITTED)) {
    prepareOffered(host, entry, sent)
    return 'send'
  }
  return prepareCommitted(host, entry, sent) ?? 'send'
}

export async function send(host: Host, sent: Sent): Promise<Refreshed | undefined> {
  const message = host.cookie ? Message.REFRESH_COOKIE : Message.REFRESH
  if (sent.next !== undefined) {
    sent.fields[Field.NEXT] = toBase64url(await sha256(sent.next))
    sent.next.fill(0)
  }
  const built = build(host, message, sent.fields)
  return built === undefined ? undefined : talkRefresh(host, message, built)
}

/** The answer's tokens go into the entry. */
function grant(host: Host, entry: Entry, told: Refreshed): Ending {
  entry.generation = Math.max(entry.generation, host.core.c.generation(host.id)) + 1
  entry.lifeMs = told.lifeMs
  entry.receivedMs = now()
  entry.unanswered = false
  entry.budget = ''
  if (!host.cookie) {
    entry.access = told.access
    if (told.refresh !== undefined) entry.refresh = told.refresh
  }
  note(entry, 'refreshed')
  return { ...ending(End.GRANTED), entry, status: told.status }
}

function pass(told: Refreshed): Ending {
  const [outcome, why] = passing[told.outcome] ?? [End.PASSING, Why.UNAVAILABLE]
  const { status, retryMs } = told
  const strange = outcome === End.PASSING && status < 500 && status !== 408 && status !== 425 && status !== 429
  return { outcome, why: strange ? Why.NOT_THE_SERVER : why, retryMs, status }
}

function settleCommitted(host: Host, entry: Entry, sent: Sent, told: Refreshed): Ending {
  const { core } = host
  if (!readRecord(host, entry)) return ending(End.PASSING, Why.VAULT)
  core.set(Num.GENERATION, told.generation)
  if (told.outcome === Outcome.RESEED) core.write(`${told.from}${told.sid}`)
  const todo = core.c.record_apply(host.id, told.outcome, told.kind)
  if ((todo & Step.OVER) !== 0) return { ...endByRecord(host, entry), status: told.status }
  if ((todo & Step.SAVE) !== 0) writeRecord(host, entry)
  if ((todo & Step.USE) !== 0) return grant(host, entry, told)
  if ((todo & Step.MOVED) !== 0 && host.token?.generation === entry.generation && entry.generation > sent.generation) {
    return { ...ending(End.ADOPTED), entry }
  }
  sent.isOther = told.outcome === Outcome.OTHER_SESSION && (todo & Step.MOVED) === 0
  if (sent.isOther) entry.unsure = true
  if ((todo & (Step.AGAIN | Step.MOVED)) !== 0 && told.outcome !== Outcome.UNKNOWN) return ending(End.AGAIN)
  return pass(told)
}

function settleOffered(host: Host, entry: Entry, sent: Sent, told: Refreshed): Ending {
  // Late: whoever moved the vault has the newer word.
  if (entry.generation !== sent.generation) return { ...ending(End.ADOPTED), entry }
  if (told.outcome === Outcome.GRANTED) return grant(host, entry, told)
  if (told.outcome === Outcome.REFUSED) {
    const why = sent.repeats ? Why.REPLY_LOST : caseWhy[told.kind] ?? Why.REFUSED
    endEntry(entry, why, false)
    return { ...ending(End.REFUSED, why), status: told.status }
  }
  if (told.outcome !== Outcome.UNKNOWN) entry.unanswered = sent.repeats
  return pass(told)
}

function settle(host: Host, entry: Entry, sent: Sent, told: Refreshed | undefined): Ending {
  // Somebody signed out or in anew: this answer comes too late to count.
  if (!host.isLive(entry) || entry.signIn !== sent.signIn) {
    host.adopt(entry)
    return ending(End.PASSING)
  }
  if (told === undefined) return ending(End.MISCONFIGURED, Why.CONFIG)
  return host.has(Fact.IS_COMMITTED)
    ? settleCommitted(host, entry, sent, told)
    : settleOffered(host, entry, sent, told)
}

/** The engine's word on how it ended; the number to go on with, or -1. */
function tell(host: Host, number: number, end: Ending, beganMs: number): number {
  const { core, entry } = host
  if (end.entry !== undefined) {
    host.entry = end.entry
    if (end.outcome === End.GRANTED) host.show(host.token!)
    core.set(Num.GENERATION, end.entry.generation)
    core.set(Num.LIFE_MS, end.entry.lifeMs)
    core.set(Num.RECEIVED_MS, end.entry.receivedMs)
  } else {
    core.set(Num.GENERATION, 0)
  }
  core.set(Num.NUMBER, number)
  core.set(Num.DETAIL, end.why)
  core.set(Num.RETRY_MS, end.retryMs)
  const todo = host.engine.ended(host.id, end.outcome)
  const again = (todo & Todo.START) !== 0
  const next = core.get(Num.NUMBER)
  host.note(todo & ~Todo.START)
  report(host, end, beganMs, entry.generation)
  return again ? next : -1
}

function report(host: Host, end: Ending, beganMs: number, generation: number): void {
  const { status } = end
  if (end.outcome === End.GRANTED) {
    host.events.send({ kind: 'refreshed', generation: generation, waitMs: now() - beganMs, status })
  } else if (end.outcome === End.ADOPTED) {
    host.events.send({ kind: 'adopted', generation })
  } else if (end.outcome === End.REFUSED) {
    host.events.send({ kind: 'signed-out', reason: reasonOf(end.why), status })
  } else if (end.outcome !== End.AGAIN) {
    host.events.send({ kind: 'refresh-failed', reason: reasonOf(end.why), status })
    const waitMs = host.engine.rest_ms(host.id)
    // A lost answer is asked for again at once.
    if (waitMs > 0) host.events.send({ kind: 'resting', reason: reasonOf(end.why), waitMs })
  }
}

/** What the vault says before the message: the last look, and what is durable. */
async function begin(host: Host, number: number, sent: Sent): Promise<Ending | 'send' | 'over'> {
  let first: Ending | 'send' | 'over' = 'over'
  await host.vault.change((entry) => {
    sent.entry = entry
    first = prepare(host, number, entry, sent)
    return first !== 'over'
  })
  return first
}

async function finish(host: Host, sent: Sent, told: Refreshed | undefined): Promise<Ending> {
  let end = ending(End.PASSING)
  await host.vault.change((entry) => {
    sent.entry = entry
    end = settle(host, entry, sent, told)
    if (end.outcome === End.GRANTED) host.token = tokenOf(entry, told!.access!)
    if (end.outcome !== End.GRANTED && end.outcome !== End.REFUSED) note(entry, 'refresh-failed', end.why, end.status)
    return true
  })
  return end
}

async function callOnce(host: Host, number: number, sent: Sent): Promise<Ending | 'over'> {
  try {
    const first = await begin(host, number, sent)
    if (first !== 'send') return first
    host.events.send({ kind: 'refresh-started', generation: sent.generation })
    return await finish(host, sent, await send(host, sent))
  } catch {
    // The vault. New tokens are used all the same: the next refresh repeats it.
    return ending(End.PASSING, Why.VAULT)
  }
}

/** The cookie was another session's twice: what it is of is asked. */
async function goOver(host: Host, number: number, sent: Sent): Promise<Ending | 'over'> {
  const found = await recallInTurn(host, sent.signIn).catch((): Recalled => 'later')
  if (found === 'later') return ending(End.PASSING, Why.UNAVAILABLE)
  // The engine knows already; this refresh was the old session's.
  host.core.set(Num.NUMBER, number)
  host.note(host.engine.ended(host.id, End.PASSING) & ~Todo.START)
  return 'over'
}

/** One call, or the finding that none is needed. The next number, or -1. */
async function flyOnce(host: Host, number: number, others: { count: number }): Promise<number> {
  const sent: Sent = { fields: {}, signIn: 0, generation: 0, repeats: false, entry: host.entry }
  const beganMs = now()
  let end = await callOnce(host, number, sent)
  others.count = sent.isOther === true ? others.count + 1 : 0
  // Once may be a sign-in of this moment, whose record is about to be there.
  if (others.count > 1) end = await goOver(host, number, sent)
  if (end === 'over') return -1
  if (end.outcome === End.REFUSED) leave(host, sent.entry)
  return tell(host, number, end, beganMs)
}

/** It ended: every tab is told, and the server where it is due. */
function leave(host: Host, entry: Entry): void {
  host.entry = entry
  host.token = undefined
  host.tabs.tell({ kind: 'news' })
  if (entry.signOutDue) tellSignOut(host).catch(() => {}) // when the page opens next
}

async function flyInTurn(host: Host, number: number, turn: boolean): Promise<void> {
  // Where a token may be spent only once, who has not the turn tries later.
  if (!turn && !host.has(Fact.IS_REPEAT_SAFE)) {
    tell(host, number, ending(End.PASSING, Why.BUSY), now())
    return
  }
  await catchUp(host)
  const until = now() + host.limitMs
  let next = number
  const others = { count: 0 }
  host.core.c.record_renew(host.id, host.cookie ? 1 : 0)
  do {
    next = await flyOnce(host, next, others)
  } while (next >= 0 && now() < until)
  if (next >= 0) tell(host, next, ending(End.PASSING, Why.NO_ANSWER), now())
  if (host.core.c.rest_ms(host.id) <= 0) return
  await host.vault.change((entry) => shareBudget(host, entry)).catch(() => {})
}

/** Another tab may have been first, and have its token at hand. */
async function catchUp(host: Host): Promise<void> {
  const entry = await host.vault.read().catch(() => host.entry)
  if (entry.signIn === host.entry.signIn && entry.generation > (host.token?.generation ?? 0)) {
    await host.askSiblings(entry.generation)
  }
}

export async function fly(host: Host, number: number): Promise<void> {
  await host.tabs.inTurn(host.limitMs, (turn) => flyInTurn(host, number, turn))
}
