// One message of the session's own and its answer: sign-up, sign-in, refresh,
// sign-out. The only place where such a message meets the network.
import { Field, Message, Num, Outcome, Verdict } from '#core/constants'
import type { Case } from '#core/constants'
import type { Host } from './host'
import { StayError } from './errors'
import type { User } from './api'

export type Fields = Partial<Record<Field, string | number | null>>

/** What came back, as far as the core wants to know. */
interface Raw {
  /** 0: nothing was sent; -1: sent, no complete answer. */
  status: number
  head: string
  body: string
}

/** The parts of an answer that outlive the core's buffers. */
export interface Answer {
  status: number
  access?: string
  refresh?: string
  lifeMs: number
  sid?: string
  from?: string
  generation: number
  user?: User
  message?: string
  head: string
  body: string
}

const bodyMax = 64 * 1024

export function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Browsers show it to pages that came by https or from localhost, and to no other. */
function webCrypto(): Crypto {
  if (typeof crypto !== 'undefined' && (crypto as Partial<Crypto>).subtle !== undefined) return crypto
  throw new StayError('STAY_BAD_CONFIG', 'config', 'There is no Web Crypto here: a page needs https or localhost, and Node 18 --experimental-global-webcrypto.')
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webCrypto().subtle.digest('SHA-256', bytes as BufferSource))
}

export function random32(): Uint8Array {
  return webCrypto().getRandomValues(new Uint8Array(32))
}

export function headText(headers: Headers): string {
  let head = ''
  headers.forEach((value, name) => { head += `${name}:${value}\n` })
  return head
}

async function exchange(host: Host, init: RequestInit, url: string): Promise<Raw> {
  if (typeof navigator !== 'undefined' && navigator.onLine === false) {
    return { status: 0, head: '', body: '' }
  }
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), host.limitMs)
  try {
    const response = await host.options.fetch(url, { ...init, signal: patience.signal })
    // A redirect that may not be followed shows neither status nor target.
    if (response.type === 'opaqueredirect') return { status: 302, head: '', body: '' }
    const body = await response.text()
    if (body.length > bodyMax) return { status: -1, head: '', body: '' }
    return { status: response.status, head: headText(response.headers), body }
  } catch {
    return { status: -1, head: '', body: '' }
  } finally {
    clearTimeout(timer)
  }
}

interface Built {
  url: string
  init: RequestInit
}

/** Undefined: the dialect lacks the message, or wants a field that is not given. */
export function build(host: Host, message: Message, fields: Fields,
  shows = false): Built | undefined {
  const { core } = host
  const given = { ...host.options.fields, ...fields }
  if (!core.give(given) || core.c.message_build(host.id, message) !== 0) return undefined
  const headers: Record<string, string> = { Accept: 'application/json', ...host.options.headers }
  const [method, target, type, body] = [core.read(0), core.read(1), core.read(2), core.read(3)]
  const list = core.readList(4)
  for (let i = 0; i < list.length; i += 2) headers[list[i]] = list[i + 1]
  if (type !== '') headers['Content-Type'] = type
  if (shows) {
    const [name, value] = host.authorization()
    headers[name] = value
  }
  core.c.wipe()
  return {
    url: join(host.base, target),
    init: {
      method,
      headers,
      body: body === '' ? undefined : body,
      redirect: 'manual',
      cache: 'no-store',
      credentials: host.cookie ? 'include' : 'same-origin'
    }
  }
}

/** As axios joins baseURL and url. */
export function join(base: string, target: string): string {
  return `${base.replace(/\/+$/, '')}/${target.replace(/^\/+/, '')}`
}

function hand(host: Host, raw: Raw): [number, number] {
  const { core } = host
  const head = core.write(raw.head)
  const body = head < 0 ? -1 : core.write(raw.body, head)
  return head < 0 || body < 0 ? [0, 0] : [head, body]
}

function userOf(host: Host): User | undefined {
  const { core } = host
  const username = core.answer(Field.USERNAME) ?? core.answer(Field.EMAIL)
  if (username === undefined) return undefined
  const id = core.c.answer_number(Field.ID, -1)
  return {
    id: id < 0 ? undefined : id,
    username,
    email: core.answer(Field.EMAIL),
    roles: (core.answer(Field.ROLES) ?? '').split(' ').filter((role) => role !== '')
  }
}

function lift(host: Host, raw: Raw): Answer {
  const { core } = host
  const access = core.answer(Field.ACCESS)
  let lifeMs = core.c.answer_number(Field.EXPIRES_IN_MS, 0)
  const answer = {
    status: raw.status,
    access,
    refresh: core.answer(Field.REFRESH),
    sid: core.answer(Field.SID),
    from: core.answer(Field.FROM),
    generation: core.c.answer_number(Field.GENERATION, 0),
    user: userOf(host),
    message: core.answer(Field.MESSAGE),
    head: raw.head,
    body: raw.body
  }
  if (lifeMs <= 0 && access !== undefined) {
    const dateS = core.c.answer_number(Field.DATE, Date.now() / 1000)
    const length = core.write(access)
    if (length >= 0) lifeMs = core.c.token_life_ms(length, dateS)
  }
  core.c.wipe()
  return { ...answer, lifeMs }
}

export interface Told extends Answer {
  verdict: Verdict
  kind: Case
}

/** A message that may be repeated once where its answer got lost. */
export async function talk(host: Host, message: Message, built: Built): Promise<Told> {
  let raw = await exchange(host, built.init, built.url)
  if (raw.status === -1) raw = await exchange(host, built.init, built.url)
  const [head, body] = hand(host, raw)
  const meaning = raw.status > 0
    ? host.core.c.reply_read(host.id, message, raw.status, head, body)
    : 0
  return { ...lift(host, raw), verdict: meaning & 0xff, kind: meaning >>> 8 & 0xff }
}

export interface Refreshed extends Answer {
  outcome: Outcome
  kind: Case
  retryMs: number
}

/** A refresh: what its answer means is the outcome table's to say. */
export async function talkRefresh(host: Host, message: Message, built: Built): Promise<Refreshed> {
  const raw = await exchange(host, built.init, built.url)
  const [head, body] = hand(host, raw)
  const told = host.core.c.outcome_read(host.id, message, raw.status, head, body)
  const retryMs = host.core.get(Num.RETRY_MS)
  return { ...lift(host, raw), outcome: told & 0xff, kind: told >>> 8, retryMs }
}

function isPassing(told: Told): boolean {
  const { status } = told
  return told.verdict === Verdict.LATER || status >= 500 || status === 408 || status === 425 || status === 429
}

/** Which form fields are wrong, where the answer says so. */
function wrongFields(body: string): Record<string, string[]> | undefined {
  try {
    const { fields } = JSON.parse(body) as { fields?: Record<string, string[]> }
    return fields
  } catch {
    return undefined
  }
}

/** What an answer that grants nothing means. */
export function failure(told: Told): StayError {
  const { status, verdict, message } = told
  if (status === 0) return new StayError('STAY_TRY_LATER', 'no-connection')
  if (status === -1) return new StayError('STAY_TRY_LATER', 'no-answer')
  if (verdict === Verdict.CONFIG) return new StayError('STAY_BAD_CONFIG', 'config', message, status)
  if (isPassing(told)) return new StayError('STAY_TRY_LATER', 'unavailable', message, status)
  if (verdict === Verdict.NONE || verdict === Verdict.GRANTED) {
    return new StayError('STAY_BAD_REPLY', 'unrecognised', `The server answered ${status} in words that are not the dialect's. Are baseURL and dialect right?`, status)
  }
  return new StayError('STAY_REFUSED', 'refused', message ?? 'The server refused.', status, wrongFields(told.body))
}
