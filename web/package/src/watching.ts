// Tells whoever shows a session when what it shows has changed.
import type { Snapshot, Stay } from './api'

const secondMs = 1000

/** What a server draws, which knows nobody, and each page at first. */
export const opening: Snapshot = { state: 'opening', signedIn: false, user: null, reason: '', session: 0, generation: 0 }

/** Whole seconds of the token's life, as a person counts them. */
export function wholeSeconds(stay: Stay): number {
  return Math.ceil(stay.secondsLeft)
}

/** Calls `show` each second; where there is no page, never. */
export function everySecond(show: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const timer = setInterval(show, secondMs)
  return () => clearInterval(timer)
}
