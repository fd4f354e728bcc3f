// What stayd wants of a password, told while it is typed. Whether it is easy to
// guess only the server can tell: it has the lists.
export const passwordMin = 8
export const passwordMax = 256

export interface Rule {
  text: string
  state: 'kept' | 'broken' | 'open'
  /** The state, for who does not see its sign. */
  spoken: string
  count: string
}

const spoken = { kept: 'kept', broken: 'broken', open: 'not yet' }

function rule(text: string, state: Rule['state'], count = ''): Rule {
  return { text, state, spoken: spoken[state], count }
}

/** Characters as a person counts them, not UTF-16's. */
export function lengthOf(password: string): number {
  return [...password].length
}

export function passwordRules(password: string): Rule[] {
  const length = lengthOf(password)
  const short = length < passwordMin
  return [
    rule(`At least ${passwordMin} characters`, short ? 'open' : 'kept', short ? `${length} of ${passwordMin}` : ''),
    rule(`At most ${passwordMax} characters`, length > passwordMax ? 'broken' : 'kept', length > passwordMax ? `${length}` : ''),
    rule('Any characters: letters, spaces, signs of any script', 'kept')
  ]
}

export function isLongEnough(password: string): boolean {
  const length = lengthOf(password)
  return length >= passwordMin && length <= passwordMax
}
