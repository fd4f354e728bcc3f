// A chunk's trips as path data: x in milliseconds since the chunk's start, y in
// lanes. The group around it turns those into pixels, so that time going by
// changes one attribute and no path.
import type { Chunk, Trip } from './trace'

export const layers = ['paused', 'flight', 'replay', 'refused', 'ok', 'bad', 'failed'] as const
export type Layer = typeof layers[number]
export type Paths = Record<Layer, string>

function line(from: number, to: number, lane: number): string {
  return `M${from} ${lane}H${to}`
}

/** Nearly no length: its caps are the mark. */
function dot(at: number, lane: number): string {
  return `M${at} ${lane}h.01`
}

function addTrip(paths: Paths, trip: Trip, base: number, now: number): void {
  for (const span of trip.spans) {
    paths[span.kind] += line(span.from - base, Math.min(span.to, now) - base, trip.lane)
  }
  if (trip.refusedAt > 0) paths.refused += dot(trip.refusedAt - base, trip.lane)
  if (trip.end !== 'open') paths[trip.end] += dot(trip.to - base, trip.lane)
}

export function pathsOf(chunk: Chunk, now: number): Paths {
  const paths: Paths = { paused: '', flight: '', replay: '', refused: '', ok: '', bad: '', failed: '' }
  for (const trip of chunk.trips) addTrip(paths, trip, chunk.from, now)
  return paths
}
