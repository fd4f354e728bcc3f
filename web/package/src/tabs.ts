// The tabs of one session: what they tell each other, and whose turn it is.

/** A token that another tab got. */
export interface Token {
  signIn: number
  generation: number
  access: string
  lifeMs: number
  receivedMs: number
}

export type TabMessage =
  | { kind: 'token', token: Token }
  /** Who has a token of this sign-in? */
  | { kind: 'ask', signIn: number }
  /** The vault changed: somebody signed in or out, or the session ended. */
  | { kind: 'news' }

export class Tabs {
  private readonly channel?: BroadcastChannel

  constructor(private readonly name: string,
    onMessage: (message: TabMessage) => void) {
    if (typeof BroadcastChannel === 'undefined') return
    this.channel = new BroadcastChannel(name)
    this.channel.onmessage = (event) => onMessage(event.data as TabMessage)
    // Node would not end while it listens.
    ;(this.channel as { unref?(): void }).unref?.()
  }

  tell(message: TabMessage): void {
    this.channel?.postMessage(message)
  }

  close(): void {
    this.channel?.close()
  }

  get alone(): boolean {
    return this.channel === undefined
  }

  /**
   * Runs `work` when it is this tab's turn, or after `limitMs` all the same: the
   * lock is advice. The browser frees it when a tab dies.
   */
  async inTurn<T>(limitMs: number, work: (turn: boolean) => Promise<T>): Promise<T> {
    const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
    if (locks === undefined) return work(true)
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), limitMs)
    let started = false
    try {
      return await locks.request(this.name, { signal: patience.signal }, () => {
        clearTimeout(timer)
        started = true
        return work(true)
      }) as T
    } catch (error) {
      if (started) throw error
      return work(false)
    } finally {
      clearTimeout(timer)
    }
  }
}
