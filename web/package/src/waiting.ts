// Who waits for news of the engine.
import { now } from './clock'

/** Waits for `signal` or until the time is up. */
export interface Patience {
  signal?: AbortSignal | null
  /** On now()'s clock. */
  until: number
}

/** setTimeout cannot wait longer: 24.8 days. */
export const timerMaxMs = 2 ** 31 - 1

export function timerMs(atMs: number): number {
  return Math.min(Math.max(atMs - now(), 0), timerMaxMs)
}

export class Waiting {
  private all = new Set<() => void>()

  wake(): void {
    const woken = this.all
    this.all = new Set()
    for (const wake of woken) wake()
  }

  /** Until news, an abort or the end of patience; false: over. */
  wait(patience: Patience): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.all.delete(woken)
        patience.signal?.removeEventListener('abort', aborted)
      }
      const woken = () => { end(); resolve(true) }
      const aborted = () => { end(); reject(patience.signal!.reason as Error) }
      const timer = setTimeout(() => { end(); resolve(false) }, timerMs(patience.until))
      this.all.add(woken)
      if (patience.signal?.aborted === true) aborted()
      else patience.signal?.addEventListener('abort', aborted)
    })
  }
}
