// axios's adapter with the session's token. Not an interceptor: those see a
// request once, in an order that is the app's own business.
import type { AxiosAdapter, AxiosLike } from './api'
import { now } from './clock'
import { StayError } from './errors'
import type { Answered } from './send'
import { send } from './send'
import type { Host } from './host'

/** As much of axios, 0.19 to 1.x, as is used here. */
export interface AxiosConfig {
  url?: string
  baseURL?: string
  method?: string
  headers?: unknown
  data?: unknown
  timeout?: number
  timeoutErrorMessage?: string
  signal?: unknown
  cancelToken?: { promise: Promise<unknown>, throwIfRequested(): void }
  stay?: boolean
}

export interface AxiosResponse {
  status: number
  headers: unknown
  data: unknown
  config: unknown
  request?: unknown
}

interface Failed extends Error {
  isAxiosError?: boolean
  config?: unknown
  code?: string
  reason?: string
  request?: unknown
  response?: AxiosResponse
  status?: number
  toJSON?(): object
}

type Inner = (config: AxiosConfig) => Promise<AxiosResponse>

/** The adapter that axios would have used. */
function innerOf(axios: AxiosLike, given: unknown): Inner {
  if (typeof given === 'function') return given as Inner
  if (typeof axios.getAdapter === 'function') {
    return (axios.getAdapter as (names: unknown) => Inner)(given)
  }
  throw new StayError('STAY_BAD_CONFIG', 'config', 'stay.adapter: give it axios itself, stay.adapter(axios); for an instance with an adapter of its own, stay.adapter(axios, instance)')
}

/** As axios joins them; a part of a path is the page's. */
function joinedURL({ url = '', baseURL = '' }: AxiosConfig): string {
  if (baseURL === '' || /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url)) return url
  return url === '' ? baseURL : `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}`
}

function plainHeaders(headers: unknown): Record<string, unknown> {
  const some = headers as { toJSON?(): Record<string, unknown> } | undefined
  return typeof some?.toJSON === 'function' ? some.toJSON() : { ...(headers as object) }
}

function hasHeader(headers: unknown, name: string): boolean {
  // axios 1's own headers know by themselves, and quicker; null and false are none.
  const some = headers as { get?(name: string): unknown } | undefined
  if (typeof some?.get === 'function') return (some.get(name) ?? false) !== false
  const wanted = name.toLowerCase()
  return Object.entries(plainHeaders(headers)).some(([key, value]) =>
    key.toLowerCase() === wanted && value !== undefined && value !== null && value !== false)
}

/**
 * The app's own stays as it is. axios makes it without a prototype; spread reads
 * such an object seven times slower than this does.
 */
function copyOf(config: AxiosConfig): AxiosConfig {
  const copy: Record<string, unknown> = {}
  for (const key in config) copy[key] = config[key as keyof AxiosConfig]
  return copy as AxiosConfig
}

/** One more header, whatever axios's own headers are. */
function withHeader(config: AxiosConfig, [name, value]: [string, string]): unknown {
  const headers = config.headers as OwnHeaders | undefined
  if (typeof headers?.set !== 'function') return { ...plainHeaders(headers), [name]: value }
  // Its concat() reads every header anew: a third of what a request costs here.
  const copy = Object.assign(new headers.constructor(), headers)
  copy.set!(name, value)
  return copy
}

/** AxiosHeaders: each header is a member. */
interface OwnHeaders {
  constructor: new () => OwnHeaders
  set?(name: string, value: string): void
}

/** As axios makes its errors, in each of its versions. */
function toAxios(error: Answered<AxiosResponse>, config: AxiosConfig, code: string): Failed {
  const failed: Failed = new Error(error.message)
  failed.name = 'AxiosError'
  failed.isAxiosError = true
  failed.config = config
  failed.code = code
  failed.reason = error.reason
  failed.response = error.answer
  failed.status = error.status
  failed.request = error.answer?.request
  failed.toJSON = () => ({ name: failed.name, message: failed.message, code, status: failed.status ?? null })
  const base = config as { AxiosError?: { prototype: object } }
  if (base.AxiosError !== undefined) Object.setPrototypeOf(failed, base.AxiosError.prototype)
  return failed
}

function head(headers: unknown): string {
  return Object.entries(plainHeaders(headers))
    .map(([name, value]) => `${name}:${String(value)}\n`).join('')
}

function textOf(data: unknown): string | Promise<string> {
  if (typeof data === 'string') return data
  if (typeof Blob !== 'undefined' && data instanceof Blob) return data.text()
  if (data instanceof ArrayBuffer) return new TextDecoder().decode(data)
  try {
    return JSON.stringify(data) ?? ''
  } catch {
    return ''
  }
}

/** An answer, or what axios rejects with for the app's validateStatus. */
interface Outcome {
  response: AxiosResponse
  rejected?: Failed
}

/** The last sending had what was left of the time; the app gave all of it. */
function restore(failed: Failed, own: AxiosConfig): void {
  failed.config = own
  if (/^timeout of [\d.]+ms exceeded$/.test(failed.message)) failed.message = `timeout of ${own.timeout!}ms exceeded`
}

function isAbortSignal(signal: unknown): signal is AbortSignal {
  return typeof (signal as AbortSignal | undefined)?.addEventListener === 'function'
}

/** Both of axios's ways to cancel, as one signal; it can be let go of. */
function cancelSignal(config: AxiosConfig): { signal?: AbortSignal, reason(): unknown } {
  const { cancelToken, signal } = config
  if (cancelToken === undefined) {
    return { signal: isAbortSignal(signal) ? signal : undefined, reason: () => undefined }
  }
  const controller = new AbortController()
  let reason: unknown
  void cancelToken.promise.then((why) => { reason = why; controller.abort() })
  if (isAbortSignal(signal)) signal.addEventListener('abort', () => controller.abort())
  return { signal: controller.signal, reason: () => reason }
}

export function stayAdapter(host: Host, axios: AxiosLike, instance: AxiosLike = axios): AxiosAdapter {
  const inner = innerOf(axios, instance.defaults.adapter)

  /** `own` is the app's: it is shown, and can be sent again; `config` is one sending's. */
  async function one(config: AxiosConfig, own: AxiosConfig): Promise<Outcome> {
    try {
      const response = await inner(config)
      response.config = own
      return { response }
    } catch (error) {
      const failed = error as Failed
      if (failed.isAxiosError === true) restore(failed, own)
      if (failed.response === undefined) throw error
      failed.response.config = own
      return { response: failed.response, rejected: failed }
    }
  }

  return async (config: AxiosConfig) => {
    if (config.stay === false) return inner(config)
    if (!host.opened) await host.opening
    if (hasHeader(config.headers, host.header)) return inner(config)
    const began = now()
    const limit = config.timeout !== undefined && config.timeout > 0 ? config.timeout : Infinity
    const cancel = cancelSignal(config)
    try {
      const outcome = await send<Outcome>(host, {
        url: joinedURL(config),
        method: (config.method ?? 'get').toUpperCase(),
        replayable: !isStream(config.data),
        patience: host.patience(cancel.signal, Math.min(limit, host.limitMs)),
        send(header) {
          const sending = copyOf(config)
          if (limit !== Infinity) sending.timeout = Math.max(limit - (now() - began), 1)
          if (header !== undefined) sending.headers = withHeader(config, header)
          return one(sending, config)
        },
        status: ({ response }) => response.status,
        refusal: ({ response }) => ({
          head: head(response.headers),
          body: async () => textOf(response.data)
        })
      })
      if (outcome.rejected !== undefined) throw outcome.rejected
      return outcome.response
    } catch (error) {
      throw translate(error, config, limit <= now() - began, cancel)
    }
  }

  function translate(error: unknown, config: AxiosConfig, late: boolean, cancel: ReturnType<typeof cancelSignal>): unknown {
    if (cancel.signal?.aborted === true && !(error as Failed).isAxiosError) return canceled(axios, config, cancel.reason())
    if (!(error instanceof StayError)) return error
    const stay = error as Answered<Outcome>
    const plain = Object.assign(Object.create(StayError.prototype) as Answered<AxiosResponse>, {
      message: stay.message, reason: stay.reason, status: stay.status, answer: stay.answer?.response
    })
    if (late) {
      plain.message = config.timeoutErrorMessage ?? `timeout of ${config.timeout!}ms exceeded`
      return adopt(axios, toAxios(plain, config, 'ECONNABORTED'))
    }
    return adopt(axios, toAxios(plain, config, stay.code))
  }
}

/** instanceof AxiosError, where axios has one. */
function adopt(axios: AxiosLike, failed: Failed): Failed {
  const type = axios.AxiosError as { prototype: object } | undefined
  if (type !== undefined) Object.setPrototypeOf(failed, type.prototype)
  return failed
}

interface Canceling {
  CanceledError?: new (message?: string, config?: unknown) => Error
  Cancel?: new (message?: string) => unknown
}

function canceled(axios: AxiosLike, config: AxiosConfig, reason: unknown): unknown {
  if (reason !== undefined) return reason // what the CancelToken gave
  const { CanceledError, Cancel } = axios as Canceling
  if (CanceledError !== undefined) return new CanceledError(undefined, config)
  return Cancel !== undefined ? new Cancel('canceled') : new Error('canceled')
}

function isStream(data: unknown): boolean {
  if (typeof ReadableStream !== 'undefined' && data instanceof ReadableStream) return true
  return typeof (data as { pipe?: unknown } | null | undefined)?.pipe === 'function'
}
