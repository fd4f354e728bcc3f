// Which page a person may see, for vue-router 4 and 3. Routes say
// `meta: { auth: true }` or `meta: { roles: ['admin'] }`.
import { inject } from 'vue'
import type { Stay, StayEvent } from './api'
import { StayError } from './errors'
import { forbiddenRoute } from './forbidden'
import { stayKey } from './key'
import type { RouteLike, RouterLike } from './routes'
import { currentOf, isOld, metaOf, resolvePath } from './routes'

/** A path, or a location such as `{name: 'login'}`. */
export type StayPlace = string | { name?: string | symbol, path?: string, query?: object, params?: object }

export interface StayGuardOptions {
  /** The page where a person signs in. */
  signIn: StayPlace
  /** Where to after it, if no page was asked for; '/'. */
  home?: StayPlace
  /** Who lacks the role; a small page of the guard's own. Gets `?from=`. */
  forbidden?: StayPlace
  /** What app.use(stay) was given. */
  stay?: Stay
}

interface Guard {
  router: RouterLike
  options: StayGuardOptions
  stay?: Stay
  /** A page that opens waits once for its session's token. */
  settled: boolean
}

type Answer = true | string | object

function located(place: StayPlace, query: Record<string, unknown> = {}): object {
  const where = typeof place === 'string' ? { path: place } : place
  return { ...where, query: { ...where.query, ...query } }
}

function stayOf(guard: Guard): Stay {
  const { router, options } = guard
  const found = options.stay ?? (isOld(router) ? router.app?.$stay : inject<Stay | undefined>(stayKey, undefined))
  if (found === undefined) {
    throw new StayError('STAY_BAD_CONFIG', 'config', 'stayGuard: app.use(stay) comes before app.use(router), or give it the session: stayGuard(router, {stay, ...})')
  }
  return found
}

function isSignIn(guard: Guard, route: RouteLike): boolean {
  return resolvePath(guard.router, located(guard.options.signIn)).path === route.path
}

/** `?next=`, if it is a page of this app; a page for what is not found is none. */
function nextOf(guard: Guard, route: RouteLike): string | undefined {
  const { next } = route.query
  if (typeof next !== 'string' || !/^\/(?![/\\])/.test(next)) return undefined
  const found = resolvePath(guard.router, next)
  const known = found.matched.length > 0 && found.matched.every(({ path }) => !path.includes('*'))
  return known && !isSignIn(guard, found) ? next : undefined
}

function afterSignIn(guard: Guard, route: RouteLike): object | string {
  return nextOf(guard, route) ?? located(guard.options.home ?? '/')
}

function toSignIn(guard: Guard, stay: Stay, wanted: RouteLike): object {
  const { reason } = stay
  if (reason === '' || reason === 'signed-out') return located(guard.options.signIn, { next: wanted.fullPath })
  return located(guard.options.signIn, { next: wanted.fullPath, reason })
}

/**
 * A page that was just opened knows that there is a session, and not whether the
 * server still does: it asks before it shows anything. Without an answer the
 * session is kept and the page is shown.
 */
async function settle(guard: Guard, stay: Stay): Promise<void> {
  if (guard.settled || !stay.signedIn) return
  await stay.token().catch(() => {})
  guard.settled = true
}

function mayEnter(stay: Stay, roles: unknown): boolean {
  if (!Array.isArray(roles)) return true
  return roles.some((role) => stay.user?.roles.includes(role as string) === true)
}

async function decide(guard: Guard, to: RouteLike): Promise<Answer> {
  const stay = begin(guard)
  await stay.ready()
  if (isSignIn(guard, to)) {
    await settle(guard, stay)
    return stay.signedIn ? afterSignIn(guard, to) : true
  }
  const meta = metaOf(to)
  if (meta.auth !== true && meta.roles === undefined) return true
  await settle(guard, stay)
  if (!stay.signedIn) return toSignIn(guard, stay, to)
  if (mayEnter(stay, meta.roles)) return true
  return located(guard.options.forbidden ?? { name: forbiddenRoute.name }, { from: to.fullPath })
}

/** The first navigation finds the session; from then on its events count. */
function begin(guard: Guard): Stay {
  if (guard.stay !== undefined) return guard.stay
  const stay = stayOf(guard)
  guard.stay = stay
  stay.on('signed-out', (event) => ended(guard, stay, event))
  stay.on('signed-in', () => {
    const route = currentOf(guard.router)
    guard.settled = true
    if (isSignIn(guard, route)) go(guard.router.replace(afterSignIn(guard, route)))
  })
  return stay
}

function ended(guard: Guard, stay: Stay, event: StayEvent): void {
  const route = currentOf(guard.router)
  const { auth, roles } = metaOf(route)
  if (auth !== true && roles === undefined && route.name !== forbiddenRoute.name) return
  // Who signs out does not ask for the page again.
  const chosen = event.reason === 'signed-out'
  go(guard.router.push(chosen ? located(guard.options.signIn) : toSignIn(guard, stay, route)))
}

/** Another navigation may overtake this one; that is no error. */
function go(navigation: unknown): void {
  if (navigation instanceof Promise) navigation.catch(() => {})
}

export function stayGuard(router: RouterLike, options: StayGuardOptions): void {
  const guard: Guard = { router, options, settled: false }
  if (options.forbidden === undefined) router.addRoute(forbiddenRoute)
  if (!isOld(router)) {
    router.beforeEach((to: RouteLike) => decide(guard, to))
    return
  }
  router.beforeEach((to: RouteLike, _from: RouteLike, next: (answer?: unknown) => void) => {
    decide(guard, to).then((answer) => next(answer === true ? undefined : answer), next)
  })
}
