// The trace: events in, what is drawn and said out. Time is a number.
import { describe, expect, test } from 'vitest'
import type { StayEvent, StayEventKind, StayReason } from '@stay/web'
import { pathsOf } from '@/timeline/paths'
import { chunkMax, chunksMax, keptMs, Trace } from '@/timeline/trace'
import { placeBands, ticks } from '@/timeline/geometry'
import { lastTrips, sayMoment, sayTrip, tabNames, verdict } from '@/timeline/words'

const start = 1_000_000

function request(kind: StayEventKind, at: number, number = 1, status?: number): StayEvent {
  return { kind, at: start + at, request: number, what: 'GET http://h.test/api/test/user', status }
}

function session(kind: StayEventKind, at: number, reason: StayReason = '', waitMs?: number): StayEvent {
  return { kind, at: start + at, reason, waitMs }
}

function traced(...events: StayEvent[]): Trace {
  const trace = new Trace()
  for (const event of events) trace.take('a', event)
  return trace
}

function only(trace: Trace) {
  return trace.bands.get('a')!.chunks[0].trips[0]
}

function steps(trace: Trace): string[] {
  return only(trace).spans.map(({ kind, from, to }) => `${kind} ${from - start}-${to === Infinity ? '' : to - start}`)
}

describe('one request', () => {
  const rows = [
    { name: 'sent and answered', events: [request('sent', 0), request('answered', 9, 1, 200)], steps: ['flight 0-9'], end: 'ok' },
    { name: 'under way', events: [request('sent', 0)], steps: ['flight 0-'], end: 'open' },
    { name: 'waits for a token first', events: [request('waiting', 0), request('sent', 5), request('answered', 9, 1, 204)], steps: ['paused 0-5', 'flight 5-9'], end: 'ok' },
    { name: '401, paused, sent again', events: [request('sent', 0), request('held-back', 3, 1, 401), request('waiting', 3), request('replayed', 7), request('answered', 9, 1, 200)], steps: ['flight 0-3', 'paused 3-7', 'replay 7-9'], end: 'ok' },
    { name: '399 is well', events: [request('sent', 0), request('answered', 1, 1, 399)], steps: ['flight 0-1'], end: 'ok' },
    { name: '400 is not', events: [request('sent', 0), request('answered', 1, 1, 400)], steps: ['flight 0-1'], end: 'bad' },
    { name: 'no answer', events: [request('sent', 0), request('failed', 4)], steps: ['flight 0-4'], end: 'failed' },
    { name: 'never sent', events: [request('waiting', 0), request('failed', 4)], steps: ['paused 0-4'], end: 'failed' }
  ]

  test.each(rows)('$name', ({ events, steps: wanted, end }) => {
    const trace = traced(...events)
    expect(steps(trace)).toEqual(wanted)
    expect(only(trace).end).toBe(end)
  })

  test('is counted once, whatever happens to it', () => {
    const trace = traced(request('sent', 0), request('held-back', 3, 1, 401), request('waiting', 3),
      request('replayed', 7), request('answered', 9, 1, 401))
    expect(trace.totals).toEqual({ sent: 1, refused: 1, paused: 1, renewals: 0, replays: 1, ok: 0, failed: 1 })
  })
})

describe('lanes', () => {
  test('who flies at the same time has another lane', () => {
    const trace = traced(request('sent', 0, 1), request('sent', 0, 2), request('sent', 0, 3))
    expect(trace.bands.get('a')!.chunks[0].trips.map((trip) => trip.lane)).toEqual([0, 1, 2])
  })

  test('a lane is free 41 ms after its last trip, and not after 40', () => {
    const late = traced(request('sent', 0, 1), request('answered', 10, 1, 200), request('sent', 51, 2))
    const early = traced(request('sent', 0, 1), request('answered', 10, 1, 200), request('sent', 50, 2))
    expect(late.bands.get('a')!.chunks[0].trips[1].lane).toBe(0)
    expect(early.bands.get('a')!.chunks[0].trips[1].lane).toBe(1)
  })
})

describe('a burst of 1,000', () => {
  const events = Array.from({ length: 1000 }, (_, i) => request('sent', 0, i + 1))

  test('draws 1,000 lines and 1,000 marks in four pieces', () => {
    const trace = traced(...events, ...events.map((_, i) => request('answered', 9, i + 1, 200)))
    const { chunks } = trace.bands.get('a')!
    const paths = chunks.map((chunk) => pathsOf(chunk, start + 10))
    const count = (layer: 'flight' | 'ok' | 'failed') => paths.reduce((sum, path) => sum + path[layer].split('M').length - 1, 0)
    expect(chunks.map((chunk) => chunk.trips.length)).toEqual([chunkMax, chunkMax, chunkMax, chunkMax])
    expect([count('flight'), count('ok'), count('failed')]).toEqual([1000, 1000, 0])
  })

  test('fits into its band', () => {
    const trace = traced(...events)
    const [place] = placeBands([...trace.bands.values()], start - 1)
    expect(place.lanesTop + 999 * place.rowPx).toBeLessThan(358)
  })
})

test('what is under way is drawn up to now, and no further', () => {
  const trace = traced(request('sent', 5))
  expect(pathsOf(trace.bands.get('a')!.chunks[0], start + 25).flight).toBe('M0 0H20')
})

describe('what is too old', () => {
  const events = [request('sent', 0), request('answered', 10, 1, 200)]

  test('is kept until the last instant', () => {
    const trace = traced(...events)
    trace.prune(start + 10 + keptMs)
    expect(trace.bands.get('a')!.chunks.length).toBe(1)
  })

  test('and then let go of', () => {
    const trace = traced(...events)
    trace.prune(start + 11 + keptMs)
    expect(trace.bands.get('a')!.chunks.length).toBe(0)
  })

  test('but never while it is under way', () => {
    const trace = traced(request('sent', 0))
    trace.prune(start + 10 * keptMs)
    expect(trace.bands.get('a')!.chunks.length).toBe(1)
  })

  test('no more than 5,000 requests are kept, and the newest of them', () => {
    const trace = new Trace()
    for (let number = 1; number <= 2 * chunkMax * chunksMax; number++) {
      trace.take('a', request('sent', number, number))
      trace.take('a', request('answered', number, number, 200))
    }
    const { chunks } = trace.bands.get('a')!
    // A piece more may have begun since it was looked last.
    expect(chunks.length).toBeGreaterThanOrEqual(chunksMax)
    expect(chunks.length).toBeLessThanOrEqual(chunksMax + 1)
    expect(chunks[chunks.length - 1].trips[chunkMax - 1].number).toBe(2 * chunkMax * chunksMax)
  })

  test('but 6,000 that are under way are all kept', () => {
    const trace = traced(...Array.from({ length: 6000 }, (_, i) => request('sent', i, i + 1)))
    trace.prune(start + 6000)
    expect(trace.bands.get('a')!.chunks.length).toBe(24)
  })

  test('a closed tab goes with its last request', () => {
    const trace = traced(...events)
    trace.band('a').closed = true
    trace.prune(start + 11 + keptMs)
    expect(trace.bands.size).toBe(0)
  })
})

describe('the session', () => {
  test('a renewal has a start, an end and a count', () => {
    const trace = traced(session('refresh-started', 0), session('refreshed', 30, '', 30))
    expect(trace.renewals).toEqual([{ tab: 'a', from: start, to: start + 30, end: 'renewed', reason: '' }])
    expect(trace.totals.renewals).toBe(1)
  })

  test('one whose answer got lost ends where the next begins', () => {
    const trace = traced(session('refresh-started', 0), session('refresh-started', 20), session('refreshed', 30))
    expect(trace.renewals.map(({ from, to, end }) => [from - start, to - start, end])).toEqual([[0, 20, 'failed'], [20, 30, 'renewed']])
  })

  test('a sign-out that every tab tells of is one', () => {
    const trace = new Trace()
    trace.take('a', session('signed-out', 0, 'disabled'))
    trace.take('b', session('signed-out', 2999, 'disabled'))
    trace.take('b', session('signed-out', 6000, 'disabled'))
    expect(trace.moments.map((moment) => moment.at - start)).toEqual([0, 6000])
  })
})

describe('the verdict', () => {
  const good = { signedIn: true, reason: '' } as const
  const rows = [
    { name: 'nobody was signed out', events: [], now: good, kind: 'good', text: 'Nobody was signed out.' },
    { name: 'and how often the session was renewed', events: [session('refreshed', 0)], now: good, kind: 'good', text: 'Nobody was signed out. The session was renewed 1 time.' },
    { name: 'a failed renewal signs nobody out', events: [session('refresh-failed', 0, 'unavailable'), session('resting', 0, 'unavailable', 900)], now: good, kind: 'good', text: 'Nobody was signed out.' },
    { name: 'who was signed out is told why', events: [session('signed-out', 0, 'disabled')], now: { signedIn: false, reason: 'disabled' } as const, kind: 'bad', text: 'You were signed out. This account is disabled.' },
    { name: 'who did it themselves is not blamed', events: [], now: { signedIn: false, reason: 'signed-out' } as const, kind: 'none', text: 'You signed out.' },
    { name: 'who never was signed in', events: [], now: { signedIn: false, reason: '' } as const, kind: 'none', text: 'Nobody is signed in here. Sign in, and see a session stay alive.' },
    { name: 'who came back', events: [session('signed-out', 0, 'revoked'), session('signed-in', 9)], now: good, kind: 'good', text: 'You are signed in again. Before: This session was ended from another device, or by an administrator.' }
  ]

  test.each(rows)('$name', ({ events, now, kind, text }) => {
    expect(verdict(traced(...events), now)).toEqual({ kind, text })
  })
})

describe('sentences', () => {
  const trace = traced(request('sent', 0), request('held-back', 30, 1, 401), request('replayed', 70), request('answered', 90, 1, 200),
    session('resting', 95, 'unavailable', 1500))
  const names = tabNames(trace, 'a')

  test('of a request', () => {
    expect(sayTrip(only(trace), 'This tab')).toBe('This tab, 1: GET /api/test/user · sent 30 ms → 401 → paused 40 ms → sent again 20 ms → 200')
  })

  test('of the session', () => {
    expect(sayMoment(trace.moments[0], names)).toBe('This tab could not renew the session. The server is not available at the moment. It may try again in 1.5 s; nobody is signed out.')
  })

  test('the newest request comes first', () => {
    const several = traced(request('sent', 0, 1), request('sent', 5, 2), request('sent', 5, 3))
    expect(lastTrips(several, 2).map((trip) => trip.number)).toEqual([3, 2])
  })

  test('another tab keeps its number when one before it is closed', () => {
    const tabs = new Trace()
    for (const tab of ['own', 'b', 'c']) tabs.band(tab)
    tabs.bands.delete('b')
    expect([...tabNames(tabs, 'own').values()]).toEqual(['This tab', 'Tab 3'])
  })
})

test.each([[3000, 390, [0, 1, 2]], [10_000, 1080, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], [60_000, 320, [0, 20, 40]]])(
  'the axis of %i ms in %i px', (viewMs, width, wanted) => {
    expect(ticks(viewMs, width)).toEqual(wanted)
  })
