// What happened to every request of every tab, made from the session's events.
// Times are milliseconds since 1970; Infinity is "not yet".
import type { StayEvent, StayReason } from '@stay/web'

export type SpanKind = 'flight' | 'paused' | 'replay'

export interface Span {
  kind: SpanKind
  from: number
  to: number
}

export interface Trip {
  tab: string
  number: number
  /** Method and address. */
  what: string
  /** Its row within the tab's band. */
  lane: number
  from: number
  to: number
  spans: Span[]
  /** When its 401 came; 0: none did. */
  refusedAt: number
  end: 'open' | 'ok' | 'bad' | 'failed'
  status: number
  reason: StayReason
}

export interface Renewal {
  tab: string
  from: number
  to: number
  end: 'open' | 'renewed' | 'failed'
  reason: StayReason
}

/** Of the session, or of a switch that somebody used. */
export interface Moment {
  tab: string
  at: number
  kind: 'renewed' | 'failed' | 'signed-in' | 'signed-out' | 'switch'
  reason: StayReason
  /** What a switch did. */
  text: string
  /** How long a renewal took, or until the next try. */
  ms: number
}

export interface Totals {
  sent: number
  refused: number
  paused: number
  renewals: number
  replays: number
  ok: number
  failed: number
}

/** Trips are kept in pieces of so many: each is drawn by itself. */
export const chunkMax = 250
/** Of all tabs together: 5,000 trips, or as many as are under way. */
export const chunksMax = 20
/** What is too old is looked for after so many events. */
const pruneEvery = 256
const renewalsMax = 400
const momentsMax = 60
/** Kept so long: the widest view and a bit. */
export const keptMs = 90_000
/** Between two trips of one lane. */
const gapMs = 40
/** Of two tabs that tell of the same sign-out. */
const sameMs = 3000

export class Chunk {
  readonly trips: Trip[] = []
  open = 0
  /** Something changed since it was drawn. */
  dirty = true

  constructor(readonly tab: string, readonly from: number) {}

  get to(): number {
    return this.open > 0 ? Infinity : this.trips.reduce((to, trip) => Math.max(to, trip.to), 0)
  }
}

/** One tab's band. */
export class Band {
  readonly chunks: Chunk[] = []
  /** By number; open ones only. */
  readonly open = new Map<number, [Trip, Chunk]>()
  /** The last trip of each lane. */
  readonly lanes: Trip[] = []
  closed = false

  /** `number` counts the tabs as they came, from 1. */
  constructor(readonly tab: string, readonly number: number) {}

  freeLane(at: number): number {
    const free = this.lanes.findIndex((trip) => trip.to + gapMs < at)
    return free < 0 ? this.lanes.length : free
  }
}

export class Trace {
  readonly bands = new Map<string, Band>()
  renewals: Renewal[] = []
  moments: Moment[] = []
  totals: Totals = { sent: 0, refused: 0, paused: 0, renewals: 0, replays: 0, ok: 0, failed: 0 }
  /** Grows with every change. */
  version = 0
  private tabs = 0

  band(tab: string): Band {
    let band = this.bands.get(tab)
    if (band === undefined) {
      band = new Band(tab, ++this.tabs)
      this.bands.set(tab, band)
    }
    return band
  }

  take(tab: string, event: StayEvent): void {
    this.version += 1
    if (this.version % pruneEvery === 0) this.prune(event.at)
    if (event.request === undefined) this.takeSession(tab, event)
    else this.takeRequest(tab, event)
  }

  /** Somebody used a switch: the token was expired, a reply is to be lost. */
  takeSwitch(tab: string, at: number, text: string): void {
    this.addMoment({ tab, at, kind: 'switch', reason: '', text, ms: 0 })
  }

  clear(): void {
    this.bands.forEach((band) => { band.chunks.length = 0; band.lanes.length = 0; band.open.clear() })
    this.renewals = []
    this.moments = []
    this.totals = { sent: 0, refused: 0, paused: 0, renewals: 0, replays: 0, ok: 0, failed: 0 }
    this.version += 1
  }

  /** Lets go of what is too old to be shown. */
  prune(now: number): void {
    const since = now - keptMs
    let count = 0
    for (const band of this.bands.values()) {
      while (band.chunks.length > 0 && band.chunks[0].to < since) band.chunks.shift()
      count += band.chunks.length
      if (band.closed && band.chunks.length === 0) this.bands.delete(band.tab)
    }
    if (count > chunksMax) this.dropOldest(count - chunksMax)
    if (this.renewals.length > renewalsMax || (this.renewals[0]?.to ?? now) < since) {
      this.renewals = this.renewals.filter((renewal) => renewal.to >= since).slice(-renewalsMax)
    }
  }

  private dropOldest(count: number): void {
    const ended = [...this.bands.values()].flatMap((band) => band.chunks.slice(0, -1))
      .filter((chunk) => chunk.open === 0)
      .sort((a, b) => a.from - b.from)
    for (const chunk of ended.slice(0, count)) {
      const { chunks } = this.band(chunk.tab)
      chunks.splice(chunks.indexOf(chunk), 1)
    }
  }

  // ---- Requests ----

  private takeRequest(tab: string, event: StayEvent): void {
    const band = this.band(tab)
    const found = band.open.get(event.request!)
    const [trip, chunk] = found ?? this.begin(band, event)
    chunk.dirty = true
    switch (event.kind) {
      case 'sent': return this.sendTrip(trip, event, 'flight')
      case 'replayed': return this.sendTrip(trip, event, 'replay')
      case 'waiting': return this.pause(trip, event.at)
      case 'held-back':
        this.refuse(trip, event)
        return this.pause(trip, event.at)
      case 'answered': return this.end(band, trip, chunk, event)
      case 'failed': return this.end(band, trip, chunk, event)
      default:
    }
  }

  private begin(band: Band, event: StayEvent): [Trip, Chunk] {
    const trip: Trip = {
      tab: band.tab, number: event.request!, what: event.what ?? '', lane: band.freeLane(event.at),
      from: event.at, to: Infinity, spans: [], refusedAt: 0, end: 'open', status: 0, reason: ''
    }
    let chunk = band.chunks[band.chunks.length - 1]
    if (chunk === undefined || chunk.trips.length >= chunkMax) {
      chunk = new Chunk(band.tab, event.at)
      band.chunks.push(chunk)
    }
    chunk.trips.push(trip)
    chunk.open += 1
    band.lanes[trip.lane] = trip
    band.open.set(trip.number, [trip, chunk])
    this.totals.sent += 1
    return [trip, chunk]
  }

  private closeSpan(trip: Trip, at: number): void {
    const last = trip.spans[trip.spans.length - 1]
    if (last !== undefined && last.to === Infinity) last.to = at
  }

  private sendTrip(trip: Trip, event: StayEvent, kind: SpanKind): void {
    this.closeSpan(trip, event.at)
    trip.spans.push({ kind, from: event.at, to: Infinity })
    if (kind === 'replay') this.totals.replays += 1
  }

  private pause(trip: Trip, at: number): void {
    const last = trip.spans[trip.spans.length - 1]
    if (last?.kind === 'paused' && last.to === Infinity) return
    this.closeSpan(trip, at)
    trip.spans.push({ kind: 'paused', from: at, to: Infinity })
    if (!trip.spans.slice(0, -1).some((span) => span.kind === 'paused')) this.totals.paused += 1
  }

  private refuse(trip: Trip, event: StayEvent): void {
    if (trip.refusedAt === 0) this.totals.refused += 1
    trip.refusedAt = event.at
  }

  private end(band: Band, trip: Trip, chunk: Chunk, event: StayEvent): void {
    this.closeSpan(trip, event.at)
    trip.to = event.at
    trip.status = event.status ?? 0
    trip.reason = event.reason ?? ''
    const ok = trip.status >= 200 && trip.status < 400
    trip.end = event.kind === 'failed' ? 'failed' : ok ? 'ok' : 'bad'
    if (trip.end === 'bad' && trip.status === 401) this.refuse(trip, event)
    this.totals[trip.end === 'ok' ? 'ok' : 'failed'] += 1
    chunk.open -= 1
    band.open.delete(trip.number)
  }

  // ---- The session ----

  private takeSession(tab: string, event: StayEvent): void {
    const { at, kind, reason = '', waitMs: ms = 0 } = event
    switch (kind) {
      case 'refresh-started':
        this.endRenewal(tab, at, 'failed', '')
        this.renewals.push({ tab, from: at, to: Infinity, end: 'open', reason: '' })
        return
      case 'refreshed':
        this.endRenewal(tab, at, 'renewed', '')
        this.totals.renewals += 1
        return this.addMoment({ tab, at, kind: 'renewed', reason, text: '', ms })
      case 'refresh-failed':
        return this.endRenewal(tab, at, 'failed', reason)
      case 'resting':
        return this.addMoment({ tab, at, kind: 'failed', reason, text: '', ms })
      case 'signed-in':
      case 'signed-out':
        this.endRenewal(tab, at, 'failed', reason)
        return this.addOnce({ tab, at, kind, reason, text: '', ms: 0 })
      default:
    }
  }

  private endRenewal(tab: string, at: number, end: 'renewed' | 'failed', reason: StayReason): void {
    const open = this.renewals.find((renewal) => renewal.tab === tab && renewal.to === Infinity)
    if (open === undefined) return
    open.to = at
    open.end = end
    open.reason = reason
  }

  /** Every tab tells of it; it is one event all the same. */
  private addOnce(moment: Moment): void {
    const known = this.moments.some((one) => one.kind === moment.kind && Math.abs(one.at - moment.at) < sameMs)
    if (!known) this.addMoment(moment)
  }

  private addMoment(moment: Moment): void {
    this.moments = [...this.moments, moment].slice(-momentsMax)
    this.version += 1
  }
}
