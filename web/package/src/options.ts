// What createStay takes, checked: a mistake is told at once, and in words.
import { Field } from '#core/constants'
import stay from '#core/dialects/stay'
import { StayError } from './errors'
import type { Dialect, StayOptions, StorageLike } from './api'

export interface Options {
  baseURL: string
  dialectName: string
  dialectImage(): Promise<string>
  /** The base that targets are joined to, given the dialect's prefix. */
  baseFor(prefix: string): string
  origins: string[]
  mode: 'cookie' | 'storage'
  headers: Record<string, string>
  storage: 'shared' | 'memory' | StorageLike
  label?: string
  earlyMs: number
  limitMs: number
  fields: Partial<Record<Field, string>>
  fetch: typeof fetch
}

function bad(what: string): StayError {
  return new StayError('STAY_BAD_CONFIG', 'config', `createStay: ${what}`)
}

function parseURL(text: unknown, what: string): URL {
  const page = typeof location === 'undefined' ? undefined : location.href
  try {
    const url = new URL(text as string, page)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch {
    // told below
  }
  // Where no page is, "/api" is none, either.
  throw bad(`${what}: '${String(text)}' is no ${page === undefined ? 'whole ' : ''}http or https address`)
}

function clientFields(client: StayOptions['client'] = {}): Partial<Record<Field, string>> {
  const fields: Partial<Record<Field, string>> = {}
  if (client.id !== undefined) fields[Field.CLIENT_ID] = client.id
  if (client.secret !== undefined) fields[Field.CLIENT_SECRET] = client.secret
  if (client.scope !== undefined) fields[Field.SCOPE] = client.scope
  if (client.apiKey !== undefined) fields[Field.API_KEY] = client.apiKey
  return fields
}

const known = new Set(['baseURL', 'dialect', 'mode', 'origins', 'headers', 'storage',
  'label', 'earlySeconds', 'limitSeconds', 'client', 'fetch'])

function checkNames(given: StayOptions): void {
  for (const name of Object.keys(given)) {
    if (!known.has(name)) throw bad(`there is no option '${name}'; there are ${[...known].join(', ')}`)
  }
}

/** Made with the package, or now, of a dialect of the app's own. */
async function imageOf(dialect: Dialect): Promise<string> {
  if (typeof dialect.image === 'string') return dialect.image
  return (await import('#core/compile')).compile(dialect).catch((error) => { throw bad(error.message) })
}

export function readOptions(given: StayOptions): Options {
  checkNames(given)
  const dialect = given.dialect ?? 'stay'
  if (dialect !== 'stay' && (typeof dialect !== 'object' || dialect === null)) {
    throw bad(`dialect: '${String(dialect)}' is not built in; import it: import ${String(dialect)} from '@stay/web/dialects/${String(dialect)}'`)
  }
  const mode = given.mode ?? (dialect === 'stay' ? 'cookie' : 'storage')
  if (mode !== 'cookie' && mode !== 'storage') throw bad(`mode: '${String(mode)}' is neither 'cookie' nor 'storage'`)
  const url = parseURL(given.baseURL, 'baseURL')
  const hasPath = url.pathname.replace(/\/+$/, '') !== ''
  const origins = (given.origins ?? []).map((origin) => parseURL(origin, 'origins').origin)
  const seconds = given.limitSeconds ?? 10
  if (!(seconds > 0 && seconds <= 300)) throw bad('limitSeconds: a number above 0, at most 300')
  return {
    baseURL: url.href,
    dialectName: dialect === 'stay' ? 'stay' : dialect.dialect,
    dialectImage: async () => dialect === 'stay' ? stay : imageOf(dialect),
    baseFor: (prefix) => url.origin + (hasPath ? url.pathname : prefix),
    origins: [url.origin, ...origins],
    mode,
    headers: given.headers ?? {},
    storage: given.storage ?? 'shared',
    label: given.label,
    earlyMs: (given.earlySeconds ?? 0) * 1000,
    limitMs: seconds * 1000,
    fields: clientFields(given.client),
    fetch: given.fetch ?? ((input, init) => fetch(input, init))
  }
}
