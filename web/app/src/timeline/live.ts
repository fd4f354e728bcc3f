// The trace of this app, from its start on, whichever page is shown.
import { problemOf } from '@/say'
import { server, stay } from '@/session'
import { TraceChannel } from './channel'
import { Trace } from './trace'

export const trace = new Trace()
let channel: TraceChannel | undefined

export function startTrace(): void {
  channel = new TraceChannel(trace, (count) => { void fire(count) })
  stay.on('*', (event) => channel!.own(event))
}

export function ownTab(): string {
  return channel?.tab ?? ''
}

export function noteSwitch(text: string): void {
  channel?.switched(text)
}

export function clearTrace(): void {
  channel?.clear()
}

/** How some requests ended. */
export interface Tally {
  count: number
  ok: number
  /** Of the first that did not end well, a sentence; ''. */
  problem: string
  ms: number
}

async function ask(tally: Tally): Promise<void> {
  try {
    const response = await stay.fetch(`${server}/api/test/user`)
    await response.text()
    if (response.ok) tally.ok += 1
    else tally.problem ||= `The server answered ${response.status}.`
  } catch (error) {
    tally.problem ||= problemOf(error)
  }
}

/** All at once. */
export async function fire(count: number): Promise<Tally> {
  const began = performance.now()
  const tally: Tally = { count, ok: 0, problem: '', ms: 0 }
  await Promise.all(Array.from({ length: count }, () => ask(tally)))
  tally.ms = performance.now() - began
  return tally
}

export function fireEverywhere(count: number): Promise<Tally> {
  channel?.fireElsewhere(count)
  return fire(count)
}
