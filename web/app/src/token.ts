// An access token's claims, for showing. Nothing is decided by them here.
export interface Claim {
  name: string
  value: string
  meaning: string
}

const meanings: Record<string, string> = {
  iss: 'who issued it',
  aud: 'for whom',
  sub: 'whose it is',
  exp: 'expires',
  iat: 'issued',
  nbf: 'not before',
  jti: 'its own name',
  sid: 'the session it is of',
  roles: 'what you may do'
}

const times = new Set(['exp', 'iat', 'nbf'])

/** The claims of a JWT; an empty object where it is none. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const part = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === 'object' && claims !== null ? claims as Record<string, unknown> : {}
  } catch {
    return {}
  }
}

function valueOf(name: string, value: unknown): string {
  if (times.has(name) && typeof value === 'number') return new Date(value * 1000).toLocaleString()
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function claimList(claims: Record<string, unknown>): Claim[] {
  return Object.entries(claims).map(([name, value]) =>
    ({ name, value: valueOf(name, value), meaning: meanings[name] ?? '' }))
}

/** Seconds from issue to expiry; 0 where the token does not say. */
export function lifeOf(claims: Record<string, unknown>): number {
  const { exp, iat } = claims
  return typeof exp === 'number' && typeof iat === 'number' ? Math.max(exp - iat, 0) : 0
}
