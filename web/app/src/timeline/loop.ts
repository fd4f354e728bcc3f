// One call per frame while the page is looked at, and how many there were.
export interface Loop {
  /** Frames in the last second. */
  readonly rate: number
  end(): void
}

/** Who asked for less motion gets a picture twice a second. */
const calmMs = 500

export function startLoop(draw: () => void): Loop {
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const frames: number[] = []
  let last = -Infinity
  let id = requestAnimationFrame(frame)

  function frame(at: number): void {
    id = requestAnimationFrame(frame)
    if (calm.matches && at - last < calmMs) return
    last = at
    draw()
    frames.push(at)
    while (frames[0] < at - 1000) frames.shift()
  }

  return {
    get rate() { return Math.max(frames.length - 1, 0) },
    end: () => cancelAnimationFrame(id)
  }
}
