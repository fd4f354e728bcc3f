// The trace in sentences: for who cannot see the picture, and for who wants to
// know what it meant.
import { reasonText } from '@stay/web'
import type { Snapshot } from '@stay/web'
import { counted } from '@/say'
import type { Moment, Trace, Trip } from './trace'

/** By tab. The number of a tab does not change when another is closed. */
export function tabNames(trace: Trace, own: string): Map<string, string> {
  return new Map([...trace.bands.values()].map((band) =>
    [band.tab, band.tab === own ? 'This tab' : `Tab ${band.number}`]))
}

function took(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export function sayMoment(moment: Moment, names: Map<string, string>): string {
  const who = names.get(moment.tab) ?? 'A tab that is closed'
  switch (moment.kind) {
    case 'renewed': return `${who} renewed the session in ${took(moment.ms)}.`
    case 'failed': return `${who} could not renew the session. ${reasonText(moment.reason)} It may try again in ${took(moment.ms)}; nobody is signed out.`
    case 'signed-in': return 'Signed in.'
    case 'signed-out': return moment.reason === 'signed-out' ? 'You signed out.' : `Signed out. ${reasonText(moment.reason)}`
    case 'switch': return `${who}: ${moment.text}`
  }
}

export interface Verdict {
  kind: 'good' | 'bad' | 'none'
  text: string
}

/** Was anybody signed out, and why? */
export function verdict(trace: Trace, now: Pick<Snapshot, 'signedIn' | 'reason'>): Verdict {
  const outs = trace.moments.filter((moment) => moment.kind === 'signed-out')
  if (!now.signedIn) {
    if (now.reason === '') return { kind: 'none', text: 'Nobody is signed in here. Sign in, and see a session stay alive.' }
    return { kind: now.reason === 'signed-out' ? 'none' : 'bad', text: now.reason === 'signed-out' ? 'You signed out.' : `You were signed out. ${reasonText(now.reason)}` }
  }
  const last = outs[outs.length - 1]
  if (last !== undefined && last.reason !== 'signed-out') {
    return { kind: 'good', text: `You are signed in again. Before: ${reasonText(last.reason)}` }
  }
  const { renewals } = trace.totals
  const more = renewals > 0 ? ` The session was renewed ${counted(renewals, 'time')}.` : ''
  return { kind: 'good', text: `Nobody was signed out.${more}` }
}

const spanWords = { flight: 'sent', paused: 'paused', replay: 'sent again' }

export function sayTrip(trip: Trip, name: string): string {
  const steps = trip.spans.map((span) => {
    const ms = span.to === Infinity ? '' : ` ${took(span.to - span.from)}`
    return `${spanWords[span.kind]}${ms}`
  })
  if (trip.refusedAt > 0 && trip.spans.length > 1) steps.splice(1, 0, '401')
  const end = { open: 'under way', ok: `${trip.status}`, bad: `${trip.status}`, failed: 'failed' }[trip.end]
  return `${name}, ${trip.number}: ${trip.what.replace(/https?:\/\/[^/]+/, '')} · ${[...steps, end].join(' → ')}`
}

/** Newest first. */
export function lastTrips(trace: Trace, count: number): Trip[] {
  const trips: Trip[] = []
  for (const band of trace.bands.values()) {
    for (const chunk of band.chunks.slice(-2)) trips.push(...chunk.trips.slice(-count))
  }
  return trips.sort((a, b) => b.from - a.from || b.number - a.number).slice(0, count)
}
