// A place for sessions that can fail, and Web Locks for who has none.
import type { StorageLike } from '../src/index'

export class Memory implements StorageLike {
  readonly all = new Map<string, string>()
  failing: '' | 'read' | 'write' = ''

  getItem(key: string): string | null {
    if (this.failing === 'read') throw new DOMException('denied', 'SecurityError')
    return this.all.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    if (this.failing === 'write') throw new DOMException('full', 'QuotaExceededError')
    this.all.set(key, value)
  }

  get text(): string {
    return [...this.all.values()].join()
  }
}

/** navigator.locks, as far as it is used. */
export class Locks {
  private readonly tails = new Map<string, Promise<unknown>>()

  async request<T>(name: string, { signal }: { signal: AbortSignal }, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(name) ?? Promise.resolve()
    let free = (): void => {}
    this.tails.set(name, before.then(() => new Promise<void>((resolve) => { free = resolve })))
    await Promise.race([before, new Promise((_, reject) => {
      signal.addEventListener('abort', () => { void before.then(() => free()); reject(new DOMException('', 'AbortError')) })
    })])
    try {
      return await work()
    } finally {
      free()
    }
  }
}
