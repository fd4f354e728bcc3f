// Tells whoever shows a session when what it shows has changed.
import type { Stay } from './api'

const secondMs = 1000

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
