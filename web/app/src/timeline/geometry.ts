// Where things are in the picture: pixels from the top and left of the SVG.
import type { Band } from './trace'

export const height = 380
/** The session's own strip, and where in it renewals are drawn. */
export const stripHeight = 46
export const renewalY = 30
const axisHeight = 22
const labelHeight = 18
/** Bands of more tabs than this are not drawn, but counted in words. */
export const bandsMax = 5
const rowMaxPx = 12
const rowMinCount = 6

export const axisY = height - axisHeight

export interface Place {
  /** Of its label's first line. */
  top: number
  /** Of its first lane's middle. */
  lanesTop: number
  /** A lane's height. */
  rowPx: number
}

/** How many lanes of a band have something in the view. */
function lanesInView(band: Band, since: number): number {
  let count = 0
  for (const chunk of band.chunks) {
    if (chunk.to < since) continue
    for (const trip of chunk.trips) {
      if (trip.to >= since && trip.lane >= count) count = trip.lane + 1
    }
  }
  return count
}

/** The bands share what is there; a band's lanes share the band. */
export function placeBands(bands: readonly Band[], since: number): Place[] {
  const each = (axisY - stripHeight - 6) / Math.max(bands.length, 1)
  return bands.map((band, i) => {
    const top = stripHeight + 6 + i * each
    const room = each - labelHeight - 6
    const rowPx = Math.min(room / Math.max(lanesInView(band, since), rowMinCount), rowMaxPx)
    return { top, lanesTop: top + labelHeight + rowPx / 2, rowPx }
  })
}

/** Seconds back from now, where the axis has a label. */
export function ticks(viewMs: number, widthPx: number): number[] {
  const seconds = viewMs / 1000
  const wanted = Math.max(Math.floor(widthPx / 90), 2)
  const step = [1, 2, 5, 10, 15, 20, 30].find((one) => seconds / one <= wanted) ?? 60
  const list = []
  for (let back = 0; back < seconds; back += step) list.push(back)
  return list
}
