// What the browser tells a page of itself: looked at or not, and the network.

interface PageNews {
  /** The network is back. */
  online(): void
  /** Everything may have changed while nobody looked. */
  shown(): void
  /** Looked at, or not any more. */
  turned(): void
}

type Target = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>

export const isHidden = (): boolean => typeof document !== 'undefined' && document.visibilityState === 'hidden'

/** Returns how to end it. */
export function watchPage(news: PageNews): () => void {
  const ends: (() => void)[] = []

  function listen(target: Target, kind: string, listener: (event: Event) => void): void {
    target.addEventListener(kind, listener)
    ends.push(() => target.removeEventListener(kind, listener))
  }

  if (typeof addEventListener !== 'undefined') {
    listen(globalThis, 'online', () => news.online())
    // Back from the browser's back-forward cache.
    listen(globalThis, 'pageshow', (event) => { if ((event as PageTransitionEvent).persisted) news.shown() })
  }
  if (typeof document !== 'undefined') {
    listen(document, 'visibilitychange', () => {
      if (!isHidden()) news.shown()
      news.turned()
    })
  }
  return () => { for (const end of ends) end() }
}
