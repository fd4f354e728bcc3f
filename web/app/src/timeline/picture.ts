// Draws the trace, once per frame, however many events there were: a few paths
// of many lines each, moved as a whole. Nothing here is an element per request.
import type { Place } from './geometry'
import { axisY, bandsMax, height, placeBands, renewalY, ticks } from './geometry'
import { layers, pathsOf } from './paths'
import type { Layer } from './paths'
import type { Band, Chunk, Renewal, Trace } from './trace'

const svgSpace = 'http://www.w3.org/2000/svg'

function make<K extends keyof SVGElementTagNameMap>(name: K, attributes: Record<string, string | number>, parent: Element): SVGElementTagNameMap[K] {
  const element = document.createElementNS(svgSpace, name)
  set(element, attributes)
  parent.append(element)
  return element
}

function set(element: Element, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
}

/** What of a chunk is in the page. */
interface DrawnChunk {
  group: SVGGElement
  paths: Record<Layer, SVGPathElement>
}

interface DrawnBand {
  group: SVGGElement
  label: SVGTextElement
  line: SVGLineElement
  chunks: Map<Chunk, DrawnChunk>
  rowPx: number
}

export interface View {
  now: number
  /** So much time is as wide as the picture. */
  viewMs: number
  names: Map<string, string>
}

export class Picture {
  private readonly axis: SVGGElement
  private readonly session: SVGGElement
  private readonly renewed: SVGPathElement
  private readonly unrenewed: SVGPathElement
  private readonly waits: SVGPathElement
  private readonly switches: SVGPathElement
  private readonly bandsGroup: SVGGElement
  private readonly bands = new Map<string, DrawnBand>()
  private width = 0
  private axisFor = ''

  constructor(private readonly svg: SVGSVGElement) {
    svg.replaceChildren()
    this.axis = make('g', { class: 'axis' }, svg)
    this.waits = make('path', { class: 'waits' }, svg)
    this.switches = make('path', { class: 'switches' }, svg)
    this.bandsGroup = make('g', { class: 'bands' }, svg)
    this.session = make('g', { class: 'session' }, svg)
    make('text', { x: 8, y: 15, class: 'band-label' }, this.session).textContent = 'Session: renewals'
    this.renewed = make('path', { class: 'renewed' }, this.session)
    this.unrenewed = make('path', { class: 'unrenewed' }, this.session)
  }

  resize(width: number): void {
    this.width = width
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, height })
  }

  /** How many requests are drawn. */
  draw(trace: Trace, view: View): number {
    if (this.width <= 0) return 0
    const since = view.now - view.viewMs
    const shown = this.choose(trace, since)
    const places = placeBands(shown, since)
    this.drawAxis(view)
    this.drawSession(trace, view)
    this.dropBands(shown)
    let count = 0
    shown.forEach((band, i) => { count += this.drawBand(band, places[i], view) })
    return count
  }

  /** Closed tabs stay for as long as something of theirs is in the view. */
  private choose(trace: Trace, since: number): Band[] {
    return [...trace.bands.values()]
      .filter((band) => !band.closed || band.chunks.some((chunk) => chunk.to >= since))
      .slice(0, bandsMax)
  }

  private x(at: number, view: View): number {
    return this.width - (view.now - at) * this.width / view.viewMs
  }

  private drawAxis({ viewMs }: View): void {
    const wanted = `${this.width} ${viewMs}`
    if (wanted === this.axisFor) return
    this.axisFor = wanted
    this.axis.replaceChildren()
    make('line', { x1: 0, x2: this.width, y1: axisY, y2: axisY, class: 'base' }, this.axis)
    for (const back of ticks(viewMs, this.width)) {
      const x = this.width - back * 1000 * this.width / viewMs
      make('line', { x1: x, x2: x, y1: 0, y2: axisY + 4 }, this.axis)
      const label = make('text', { x: back === 0 ? x - 4 : x, y: axisY + 16, 'text-anchor': back === 0 ? 'end' : 'middle' }, this.axis)
      label.textContent = back === 0 ? 'now' : `${back} s ago`
    }
  }

  private drawSession(trace: Trace, view: View): void {
    const since = view.now - view.viewMs
    const data = { renewed: '', unrenewed: '', waits: '', switches: '' }
    for (const renewal of trace.renewals) {
      if (renewal.to < since) continue
      data[renewal.end === 'failed' ? 'unrenewed' : 'renewed'] += this.renewalLine(renewal, view)
      data.waits += `M${this.x(renewal.from, view).toFixed(1)} ${renewalY}V${axisY}`
    }
    for (const moment of trace.moments) {
      if (moment.kind === 'switch' && moment.at >= since) data.switches += `M${this.x(moment.at, view).toFixed(1)} 0V${axisY}`
    }
    this.renewed.setAttribute('d', data.renewed)
    this.unrenewed.setAttribute('d', data.unrenewed)
    this.waits.setAttribute('d', data.waits)
    this.switches.setAttribute('d', data.switches)
  }

  private renewalLine(renewal: Renewal, view: View): string {
    const from = this.x(renewal.from, view)
    const to = this.x(Math.min(renewal.to, view.now), view)
    // However short, it is seen.
    return `M${from.toFixed(1)} ${renewalY}H${Math.max(to, from + 4).toFixed(1)}`
  }

  private dropBands(shown: readonly Band[]): void {
    for (const [tab, drawn] of this.bands) {
      if (shown.some((band) => band.tab === tab)) continue
      drawn.group.remove()
      drawn.label.remove()
      drawn.line.remove()
      this.bands.delete(tab)
    }
  }

  private bandOf(tab: string): DrawnBand {
    let drawn = this.bands.get(tab)
    if (drawn === undefined) {
      drawn = {
        line: make('line', { class: 'band-line', x1: 0 }, this.bandsGroup),
        group: make('g', { class: 'band' }, this.bandsGroup),
        label: make('text', { class: 'band-label', x: 8 }, this.bandsGroup),
        chunks: new Map(),
        rowPx: 0
      }
      this.bands.set(tab, drawn)
    }
    return drawn
  }

  private drawBand(band: Band, place: Place, view: View): number {
    const drawn = this.bandOf(band.tab)
    const name = `${view.names.get(band.tab) ?? ''}${band.closed ? ' (closed)' : ''}`
    if (drawn.label.textContent !== name) drawn.label.textContent = name
    set(drawn.label, { y: place.top + 13 })
    set(drawn.line, { x2: this.width, y1: place.top - 3, y2: place.top - 3 })
    this.setRow(drawn, place.rowPx)
    return this.drawChunks(band, drawn, place, view)
  }

  /** Lines and marks are as thick as a lane has room for. */
  private setRow(drawn: DrawnBand, rowPx: number): void {
    if (drawn.rowPx === rowPx) return
    drawn.rowPx = rowPx
    const line = Math.min(Math.max(rowPx * 0.5, 1), 5)
    const mark = Math.min(Math.max(rowPx * 0.8, 2), 8)
    drawn.group.style.setProperty('--line', `${line.toFixed(2)}px`)
    drawn.group.style.setProperty('--mark', `${mark.toFixed(2)}px`)
  }

  private drawChunks(band: Band, drawn: DrawnBand, place: Place, view: View): number {
    const since = view.now - view.viewMs
    let count = 0
    for (const chunk of band.chunks) {
      if (chunk.to < since) continue
      this.drawChunk(chunk, drawn, place, view)
      count += chunk.trips.length
    }
    for (const [chunk, { group }] of drawn.chunks) {
      if (chunk.to >= since && band.chunks.includes(chunk)) continue
      group.remove()
      drawn.chunks.delete(chunk)
    }
    return count
  }

  private drawChunk(chunk: Chunk, drawn: DrawnBand, place: Place, view: View): void {
    let known = drawn.chunks.get(chunk)
    if (known === undefined) {
      const group = make('g', {}, drawn.group)
      const paths = Object.fromEntries(layers.map((layer) => [layer, make('path', { class: layer }, group)]))
      known = { group, paths: paths as Record<Layer, SVGPathElement> }
      drawn.chunks.set(chunk, known)
      chunk.dirty = true
    }
    // What is under way grows with time.
    if (chunk.dirty || chunk.open > 0) {
      const data = pathsOf(chunk, view.now)
      for (const layer of layers) known.paths[layer].setAttribute('d', data[layer])
      chunk.dirty = false
    }
    const scale = this.width / view.viewMs
    known.group.setAttribute('transform', `matrix(${scale} 0 0 ${place.rowPx} ${this.x(chunk.from, view)} ${place.lanesTop})`)
  }
}
