// What happens to a session and its requests, as it happens.
import type { StayEvent, StayEventKind } from './api'

type Listener = (event: StayEvent) => void

export class Events {
  private readonly listeners = new Set<{ kind: StayEventKind | '*', listener: Listener }>()

  on(kind: StayEventKind | '*', listener: Listener): () => void {
    const mine = { kind, listener }
    this.listeners.add(mine)
    return () => { this.listeners.delete(mine) }
  }

  get unheard(): boolean {
    return this.listeners.size === 0
  }

  send(event: Omit<StayEvent, 'at'>): void {
    if (this.unheard) return
    const whole = { ...event, at: Date.now() }
    for (const { kind, listener } of [...this.listeners]) {
      if (kind !== '*' && kind !== event.kind) continue
      try {
        listener(whole)
      } catch (error) {
        // A listener's mistake is not the session's.
        setTimeout(() => { throw error })
      }
    }
  }
}
