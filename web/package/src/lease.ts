// For streams that outlive a token: server-sent events, WebSockets, uploads.
import type { Lease, LeaseOptions } from './api'
import type { Host } from './host'
import { StayError } from './errors'
import { token } from './send'

const retryMs = 5000

export function openLease(host: Host, options: LeaseOptions): Lease {
  const minMs = (options.minSeconds ?? 30) * 1000
  let ended = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = ''

  function again(waitMs: number): void {
    if (!ended) timer = setTimeout(() => { void renewed() }, Math.min(Math.max(waitMs, 0), 2 ** 31 - 1))
  }

  async function renewed(): Promise<void> {
    try {
      const text = await token(host, minMs)
      if (ended) return
      if (text !== shown) options.onToken(text)
      shown = text
      // A token that never lives so long would be asked for all the time.
      again(Math.max(host.left() - minMs, retryMs / 5))
    } catch (error) {
      if (ended) return
      if ((error as StayError).code !== 'STAY_SIGN_IN') return again(retryMs)
      ended = true
      options.onEnd?.(error as StayError)
    }
  }

  void renewed()
  return {
    end() {
      ended = true
      clearTimeout(timer)
    }
  }
}
