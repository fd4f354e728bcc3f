// A browser that has the session's cookie and not its secrets: its storage was
// cleared, or a tab ended between the cookie of a sign-in and the record of it.
// The server is asked what holds, and a new line of secrets begins from there
// (core/record.h, COOKIE MODE); until it has begun it stands beside what was.
import { Num, Outcome, Step, Why } from '#core/constants'
import { readMe, welcome } from './account'
import { now } from './clock'
import type { Host } from './host'
import { caseWhy, endEntry, fieldsOf, note, readText, send } from './refresh'
import type { Sent } from './refresh'
import { random32 } from './talk'
import type { Refreshed } from './talk'
import type { Entry } from './vault'

/** found: signed in; over: another tab was first; nobody: the cookie is of none. */
export type Recalled = 'found' | 'over' | 'nobody' | 'later'

/**
 * Nobody is known here, and nobody signed out here: the cookie may know. Once it
 * did not, this storage remembers that.
 */
export function mayRecall(host: Host, entry: Entry): boolean {
  return host.cookie && entry.unsure === true && !entry.signOutDue && !host.isLive(entry)
}

function prepare(host: Host, entry: Entry, sent: Sent): boolean {
  const { core } = host
  if (!readText(host, entry.line)) readText(host, entry.line = undefined)
  core.set(Num.WALL_MS, Date.now())
  core.set(Num.RANDOM, Math.floor(Math.random() * 2 ** 32))
  core.writeBytes(random32())
  const todo = core.c.record_begin(host.id)
  if ((todo & Step.SEND) === 0) return false
  sent.fields = fieldsOf(host, todo >>> 16)
  const next = core.readBytes(3)
  if (next.length > 0) sent.next = next.slice()
  if ((todo & Step.SAVE) !== 0) entry.line = writeText(host)
  sent.line = entry.line
  return true
}

function writeText(host: Host): string {
  host.core.c.record_write(host.id)
  const text = host.core.read()
  host.core.c.wipe()
  return text
}

/** The line has begun: from here on it is a session as any other. */
function begin(host: Host, entry: Entry, told: Refreshed): void {
  entry.signIn = Math.max(entry.signIn, host.entry.signIn) + 1
  entry.generation = Math.max(entry.generation, host.entry.generation) + 1
  entry.ended = Why.NONE
  entry.record = writeText(host)
  entry.lifeMs = told.lifeMs
  entry.receivedMs = now()
  entry.user = entry.line = entry.unsure = undefined
  entry.budget = ''
  note(entry, 'found-again')
}

function settle(host: Host, entry: Entry, sent: Sent, told: Refreshed): Recalled | 'again' {
  const { core } = host
  // A sign-in replaced the cookie that the line is of: what holds now is asked.
  if (told.outcome === Outcome.OTHER_SESSION && entry.line === sent.line) entry.line = undefined
  if (!readText(host, entry.line)) return 'later'
  core.set(Num.GENERATION, told.generation)
  if (told.outcome === Outcome.RESEED) core.write(`${told.from}${told.sid}`)
  const todo = core.c.record_apply(host.id, told.outcome, told.kind)
  if ((todo & Step.OVER) !== 0) {
    if (host.isLive(entry)) endEntry(entry, caseWhy[told.kind] ?? Why.UNKNOWN, false)
    entry.unsure = entry.line = undefined
    return 'nobody'
  }
  if ((todo & Step.USE) !== 0) {
    begin(host, entry, told)
    return 'found'
  }
  if ((todo & Step.SAVE) !== 0) entry.line = writeText(host)
  return (todo & Step.AGAIN) !== 0 ? 'again' : 'later'
}

/** Reads, decides and saves, while nobody signed in or out since this began. */
async function decide(host: Host, sent: Sent, what: (entry: Entry) => Recalled | 'again'): Promise<Recalled | 'again'> {
  const found: { end: Recalled | 'again' } = { end: 'over' }
  await host.vault.change((entry) => {
    sent.entry = entry
    if (entry.signIn !== sent.signIn || entry.unsure !== true || entry.signOutDue) return false
    found.end = what(entry)
    return true
  })
  return found.end
}

async function recallOnce(host: Host, signIn: number): Promise<Recalled | 'again'> {
  const sent: Sent = { fields: {}, signIn, generation: 0, repeats: false, entry: host.entry }
  let end = await decide(host, sent, (entry) => prepare(host, entry, sent) ? 'again' : 'nobody')
  if (end === 'again') {
    const told = await send(host, sent)
    if (told === undefined) return 'later'
    end = await decide(host, sent, (entry) => settle(host, entry, sent, told))
    if (end === 'found') welcome(host, sent.entry, told.access!)
  }
  if (end === 'nobody' || end === 'over') {
    host.adopt(sent.entry)
    host.tabs.tell({ kind: 'news' })
  }
  return end
}

/** In this tab's turn. `signIn`: the vault's, while nobody signs in anew. */
export async function recallInTurn(host: Host, signIn: number): Promise<Recalled> {
  const until = now() + host.limitMs
  host.core.c.record_renew(host.id, 1)
  let end: Recalled | 'again'
  do {
    end = await recallOnce(host, signIn)
  } while (end === 'again' && now() < until)
  if (end === 'found') await readMe(host)
  return end === 'again' ? 'later' : end
}

/** When it is this tab's turn; what fails is tried when the network is back, or by the next page. */
export function recall(host: Host, entry: Entry): Promise<void> {
  return host.inLine(() => host.tabs.inTurn(host.limitMs, async () => {
    const found = await host.vault.read()
    if (found.signIn === entry.signIn) await recallInTurn(host, entry.signIn)
    else host.adopt(found)
  }).catch(() => {}))
}
