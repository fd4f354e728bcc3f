// A request of the app, from asking whether it may go to its answer. What sends
// it, fetch or axios, is the caller's.
import { Field, Limit, Message, Num, Status, Todo, Verdict, Why } from '#core/constants'
import type { StayError } from './errors'
import { reasonOf } from './reasons'
import { StayError as Failure } from './errors'
import type { Host } from './host'
import { endEntry } from './refresh'
import { build } from './talk'
import type { Patience } from './waiting'

/** A 401 or 403, as far as the core wants to know. */
export interface Refusal {
  head: string
  body(): Promise<string>
}

export interface Outgoing<T> {
  /** As it will be asked for; a part of one is the page's. */
  url: string
  method: string
  /** The same bytes can be sent again. */
  replayable: boolean
  patience: Patience
  /** Sends it; the header is undefined where no token goes along. */
  send(header: [string, string] | undefined): Promise<T>
  status(answer: T): number
  /** Read for a 401 or 403 only; the answer stays whole. */
  refusal(answer: T): Refusal
}

let count = 0

/** As the page, or a program without one, would ask for it. */
function wholeURL(host: Host, url: string): URL {
  return new URL(url, typeof location === 'undefined' ? host.base : location.href)
}

/** The index of a URL's origin in the session's list, or -1. */
export function originOf(host: Host, url: string): number {
  try {
    return host.options.origins.indexOf(wholeURL(host, url).origin)
  } catch {
    return -1
  }
}

/** Method and address without its query. */
function targetOf(method: string, url: string): string {
  return `${method} ${url.split(/[?#]/)[0].replace(/\/+$/, '')}`
}

/**
 * Messages of the session's own, sent by the app itself: none of our business.
 * Where a person signs up with POST, GET may tell who they are, and wants a token.
 */
function isOwn(host: Host, method: string, url: string): boolean {
  host.ownTargets ??= ownTargets(host)
  return host.ownTargets.has(targetOf(method, wholeURL(host, url).href))
}

/** Addresses that were looked at; parsing one costs as much as the rest of a request. */
const placesMax = 256

/** The index of the origin that may see a token; -1: it goes without. */
function placeOf(host: Host, method: string, url: string): number {
  const end = url.search(/[?#]/)
  const key = `${method} ${end < 0 ? url : url.slice(0, end)}`
  let origin = host.places.get(key)
  if (origin === undefined) {
    origin = originOf(host, url)
    if (origin >= 0 && isOwn(host, method, url)) origin = -1
    if (host.places.size >= placesMax) host.places.clear()
    // A part of a path means another address on another page.
    if (/^([a-z][a-z\d+\-.]*:|\/)/i.test(url)) host.places.set(key, origin)
  }
  return origin
}

function ownTargets(host: Host): Set<string> {
  const fields = {
    [Field.USERNAME]: 'x', [Field.EMAIL]: 'x', [Field.PASSWORD]: 'x', [Field.PASSWORD_AGAIN]: 'x',
    [Field.NEXT]: 'x', [Field.SID]: 'x', [Field.REFRESH]: 'x', [Field.SESSION]: 'x',
    [Field.SECRET]: 'x', [Field.GENERATION]: 0, [Field.ACCESS]: 'x', [Field.TOKEN]: 'x'
  }
  const targets = new Set<string>()
  for (const message of [Message.SIGN_IN, Message.SIGN_UP, Message.REFRESH]) {
    const built = build(host, message, fields)
    if (built !== undefined) targets.add(targetOf(built.init.method!, built.url))
  }
  return targets
}

/** What the dialect says a resource's refusal means. */
async function readRefusal<T>(host: Host, out: Outgoing<T>, answer: T): Promise<[Verdict, Why]> {
  const { head, body } = out.refusal(answer)
  const text = await body()
  const { core } = host
  const headLength = core.write(head)
  const bodyLength = headLength < 0 ? -1 : core.write(text.slice(0, 64 * 1024), headLength)
  const meaning = core.c.reply_read(host.id, Message.NONE, out.status(answer), Math.max(headLength, 0), Math.max(bodyLength, 0))
  return [meaning & 0xff, Why.DISABLED]
}

/** Nobody is signed in: it goes without a token, and the refusal says why. */
async function sendBare<T>(host: Host, out: Outgoing<T>): Promise<T> {
  const answer = await out.send(undefined)
  const status = out.status(answer)
  // Some families say 403 to who shows no token at all.
  if (status !== 401 && status !== 403) return answer
  const [verdict] = await readRefusal(host, out, answer)
  if (verdict !== Verdict.RENEW) return answer
  throw withAnswer(new Failure('STAY_SIGN_IN', reasonOf(host.entry.ended), undefined, status), answer)
}

/** So that an adapter can show what the server said. */
export interface Answered<T> extends StayError {
  answer?: T
}

function withAnswer<T>(error: StayError, answer: T): Answered<T> {
  Object.defineProperty(error, 'answer', { value: answer, enumerable: false })
  return error as Answered<T>
}

/** Said twice, to two tokens, by the session's own server: the account is dead. */
async function endByResource(host: Host, why: Why): Promise<void> {
  const { signIn } = host.entry
  await host.vault.change((entry) => {
    if (!host.isLive(entry) || entry.signIn !== signIn) return false
    endEntry(entry, why, false)
    return true
  })
  await host.sync()
  host.tabs.tell({ kind: 'news' })
}

interface Trip<T> {
  out: Outgoing<T>
  number: number
  request: number
  origin: number
  /** How often, and with which token at last. */
  sent: number
  generation: number
}

function report<T>(host: Host, trip: Trip<T>, kind: 'sent' | 'answered' | 'held-back' | 'waiting' | 'replayed' | 'failed', more: { status?: number, generation?: number } = {}): void {
  if (host.events.unheard) return
  const { method, url } = trip.out
  host.events.send({ kind, request: trip.number, what: `${method} ${wholeURL(host, url).href.split('?')[0]}`, ...more })
}

/**
 * Waits until it may go. What cannot be sent twice goes with a token that lasts,
 * but one near its end is better than none.
 */
async function permit<T>(host: Host, trip: Trip<T>, todo: number): Promise<void> {
  const { request, out, sent } = trip
  if (!host.events.unheard && host.left() <= 0) report(host, trip, 'waiting')
  if (!out.replayable && sent === 0) {
    try {
      await host.permit(request, out.patience, todo)
      return
    } catch (error) {
      if ((error as StayError).code !== 'STAY_TRY_LATER') throw error
      host.core.c.request_reset(request, 0)
    }
    await host.permit(request, out.patience)
    return
  }
  await host.permit(request, out.patience, todo)
}

/** What is to become of a 401: undefined, it is sent again; or it is the answer. */
async function judge<T>(host: Host, trip: Trip<T>, answer: T): Promise<T | undefined> {
  const { out, request, origin } = trip
  const [verdict, why] = await readRefusal(host, out, answer)
  if (verdict === Verdict.REFUSED && origin === 0 && trip.sent > 1) {
    await endByResource(host, why)
    throw withAnswer(new Failure('STAY_SIGN_IN', reasonOf(why), undefined, 401), answer)
  }
  if (!out.replayable) {
    host.core.set(Num.GENERATION, trip.generation)
    host.note(host.engine.refused(host.id, origin))
    return answer
  }
  const token = verdict === Verdict.RENEW || verdict === Verdict.REFUSED
  const todo = host.note(host.engine.answered(request, token ? Status.TOKEN : Status.UNKNOWN))
  if ((todo & Todo.DELIVER) !== 0) return answer
  report(host, trip, 'held-back', { status: 401 })
  return undefined
}

async function travel<T>(host: Host, trip: Trip<T>): Promise<T> {
  const { out } = trip
  for (;;) {
    const todo = host.ask(trip.request)
    if ((todo & Todo.SEND) === 0) await permit(host, trip, todo)
    trip.sent += 1
    trip.generation = host.token!.generation
    report(host, trip, trip.sent > 1 ? 'replayed' : 'sent', { generation: trip.generation })
    const answer = await out.send(host.authorization())
    const status = out.status(answer)
    if (status !== 401) {
      if (host.core.c.is_suspect(host.id) !== 0) host.note(host.engine.answered(trip.request, Status.OTHER))
      report(host, trip, 'answered', { status })
      return answer
    }
    const last = await judge(host, trip, answer)
    if (last !== undefined) {
      report(host, trip, 'answered', { status })
      return last
    }
  }
}

export async function send<T>(host: Host, out: Outgoing<T>): Promise<T> {
  if (!host.opened) await host.opening
  // A token goes to the session's own origins and nowhere else.
  const origin = placeOf(host, out.method, out.url)
  if (origin < 0) return out.send(undefined)
  const trip: Trip<T> = { out, number: ++count, request: -1, origin, sent: 0, generation: 0 }
  if (!host.isLive(host.entry)) {
    report(host, trip, 'sent')
    const answer = await sendBare(host, out)
    report(host, trip, 'answered', { status: out.status(answer) })
    return answer
  }
  trip.request = host.core.c.request_open(host.id, origin, out.replayable ? 0 : Limit.EARLY_MS)
  if (trip.request < 0) throw new Failure('STAY_TRY_LATER', 'budget', 'Too many requests are under way.')
  try {
    return await travel(host, trip)
  } catch (error) {
    report(host, trip, 'failed')
    throw error
  } finally {
    host.core.c.request_close(trip.request)
  }
}

/** A token that is good for so long; rejects where there is none to be had. */
export async function token(host: Host, minMs: number, signal?: AbortSignal): Promise<string> {
  return withRequest(host, minMs, (request) => host.permit(request, host.patience(signal)))
}

/** A newer token than there is now. */
export async function renew(host: Host): Promise<string> {
  return withRequest(host, 0, (request) => host.permit(request, host.patience(), host.note(host.engine.ask_newer(request))))
}

async function withRequest(host: Host, needMs: number, ask: (request: number) => Promise<void>): Promise<string> {
  await host.opening
  const request = host.core.c.request_open(host.id, 0, needMs)
  if (request < 0) throw new Failure('STAY_TRY_LATER', 'budget', 'Too many requests are under way.')
  try {
    await ask(request)
    return host.token!.access
  } finally {
    host.core.c.request_close(request)
  }
}
