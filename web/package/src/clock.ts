// A clock that counts suspend and never goes back: Date.now(), which a person or
// a time server may set, watched by performance.now(), which may stand still
// while the machine sleeps.
const stepMs = 1000

let wall = Date.now()
let steady = performance.now()
let ahead = 0

/** Milliseconds; like Date.now() at the page's start, and so in all its tabs. */
export function now(): number {
  const nextWall = Date.now()
  const nextSteady = performance.now()
  // It was set back: what went by is what the steady clock counted. (Forward is
  // taken for sleep: tokens then expire early, which ends no session.)
  const back = nextSteady - steady - (nextWall - wall)
  if (back > stepMs) ahead += back
  wall = nextWall
  steady = nextSteady
  return Math.floor(nextWall + ahead)
}
