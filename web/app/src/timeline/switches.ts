// The switches of `stayd --demo`: what goes wrong in life, on demand.
import { server, stay } from '@/session'

export class NoDemo extends Error {
  override readonly message = 'This server was started without --demo: it has no such switch.'
}

/** From another port the answer cannot be read, but the switch works. */
async function press(path: string, body?: object): Promise<void> {
  const mode = server === location.origin ? 'same-origin' : 'no-cors'
  const response = await fetch(`${server}/demo/${path}`, {
    method: 'POST', mode, body: body === undefined ? undefined : JSON.stringify(body)
  })
  if (response.status === 404) throw new NoDemo()
  if (!response.ok && response.type !== 'opaque') throw new Error(`The server answered ${response.status}.`)
}

export function expireTokens(): Promise<void> {
  return press('expire')
}

export function dropNextReply(): Promise<void> {
  return press('faults', { drop_replies: 1 })
}

/** The refresh endpoint answers 503 for so long. */
export function failRefreshes(seconds: number): Promise<void> {
  return press('faults', { status: 503, seconds })
}

/** Mine, for 30 s. */
export async function disableAccount(): Promise<void> {
  const response = await stay.fetch(`${server}/demo/disable`, { method: 'POST' })
  if (response.status === 404) throw new NoDemo()
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
}
