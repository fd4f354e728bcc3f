// The tabs of this app tell each other what their sessions do. Nothing secret is
// told: addresses, states, times.
import type { StayEvent } from '@stay/web'
import type { Trace } from './trace'

/** Of one tab's own events so many are kept for tabs that open later. */
const historyMax = 4000

interface Switched {
  at: number
  text: string
}

type Message =
  /** A tab opened: who is there? */
  | { kind: 'hello', tab: string }
  /** To a tab that said hello: all that happened here lately. */
  | { kind: 'history', tab: string, to: string, events: StayEvent[] }
  | { kind: 'events', tab: string, events: StayEvent[] }
  | { kind: 'switch', tab: string, switched: Switched }
  | { kind: 'fire', tab: string, count: number }
  | { kind: 'clear', tab: string }
  | { kind: 'bye', tab: string }

export class TraceChannel {
  readonly tab = crypto.getRandomValues(new Uint32Array(1))[0].toString(36)
  private readonly channel = new BroadcastChannel('stay-app:timeline')
  private readonly known = new Set<string>()
  private history: StayEvent[] = []
  private unsent: StayEvent[] = []

  constructor(private readonly trace: Trace, private readonly onFire: (count: number) => void) {
    this.channel.onmessage = (event) => this.hear(event.data as Message)
    trace.band(this.tab)
    this.say({ kind: 'hello', tab: this.tab })
    addEventListener('pagehide', () => this.say({ kind: 'bye', tab: this.tab }))
    addEventListener('pageshow', (event) => { if (event.persisted) this.say({ kind: 'hello', tab: this.tab }) })
  }

  /** Of this tab's session. */
  own(event: StayEvent): void {
    this.trace.take(this.tab, event)
    this.history.push(event)
    if (this.history.length > historyMax * 2) this.history = this.history.slice(-historyMax)
    if (this.unsent.push(event) === 1) this.later()
  }

  switched(text: string): void {
    const switched = { at: Date.now(), text }
    this.trace.takeSwitch(this.tab, switched.at, text)
    this.say({ kind: 'switch', tab: this.tab, switched })
  }

  fireElsewhere(count: number): void {
    this.say({ kind: 'fire', tab: this.tab, count })
  }

  clear(): void {
    this.forget()
    this.say({ kind: 'clear', tab: this.tab })
  }

  /** Events of one moment go in one message: a burst would flood the others. */
  private later(): void {
    const flush = () => {
      const events = this.unsent
      this.unsent = []
      this.say({ kind: 'events', tab: this.tab, events })
    }
    // A hidden page draws no frames.
    if (document.visibilityState === 'hidden') queueMicrotask(flush)
    else requestAnimationFrame(flush)
  }

  private forget(): void {
    this.trace.clear()
    this.history = []
  }

  private say(message: Message): void {
    this.channel.postMessage(message)
  }

  private hear(message: Message): void {
    const { tab } = message
    switch (message.kind) {
      case 'hello':
        this.known.add(tab)
        this.trace.band(tab).closed = false
        return this.say({ kind: 'history', tab: this.tab, to: tab, events: this.history.slice(-historyMax) })
      case 'history':
        if (message.to !== this.tab || this.known.has(tab)) return
        this.known.add(tab)
        this.trace.band(tab)
        return this.takeAll(tab, message.events)
      case 'events':
        // Before its history came they are in that, too.
        if (this.known.has(tab)) this.takeAll(tab, message.events)
        return
      case 'switch': return this.trace.takeSwitch(tab, message.switched.at, message.switched.text)
      case 'fire': return this.onFire(message.count)
      case 'clear': return this.forget()
      case 'bye':
        this.known.delete(tab)
        this.trace.band(tab).closed = true
    }
  }

  private takeAll(tab: string, events: StayEvent[]): void {
    for (const event of events) this.trace.take(tab, event)
  }
}
