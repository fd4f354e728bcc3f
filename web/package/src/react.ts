// @stay/web/react: the session for components.
import { useCallback, useSyncExternalStore } from 'react'
import type { Snapshot, Stay } from './api'
import { everySecond, opening, wholeSeconds } from './watching'

/** What there is to show; the component is drawn again when it changes. */
export function useStay(stay: Stay): Snapshot {
  return useSyncExternalStore(stay.subscribe, stay.getSnapshot, () => opening)
}

/** Of the access token, whole; Infinity: the server never said. */
export function useSecondsLeft(stay: Stay): number {
  const subscribe = useCallback((show: () => void) => {
    const ends = [stay.subscribe(show), everySecond(show)]
    return () => { for (const end of ends) end() }
  }, [stay])
  const read = () => wholeSeconds(stay)
  return useSyncExternalStore(subscribe, read, () => 0)
}
