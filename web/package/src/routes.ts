// What differs between vue-router 4 and 3, and what of them is used at all.
import type { Stay } from './api'

export interface RouteLike {
  path: string
  fullPath: string
  name?: unknown
  query: Record<string, unknown>
  meta?: Record<PropertyKey, unknown>
  matched: { path: string, meta?: Record<PropertyKey, unknown> }[]
}

/* eslint-disable @typescript-eslint/no-explicit-any -- the types of both routers
   cannot be had at once, and each must fit. */
export interface RouterLike {
  beforeEach(guard: any): unknown
  addRoute(route: any): unknown
  push(to: any): unknown
  replace(to: any): unknown
  resolve(to: any): unknown
  currentRoute: any
}
/* eslint-enable */

/** vue-router 3. */
interface OldRouter extends RouterLike {
  app?: { $stay?: Stay }
}

export function isOld(router: RouterLike): router is OldRouter {
  return !('hasRoute' in router)
}

export function currentOf(router: RouterLike): RouteLike {
  return (isOld(router) ? router.currentRoute : (router.currentRoute as { value: unknown }).value) as RouteLike
}

/** The route that a place leads to. */
export function resolvePath(router: RouterLike, place: string | object): RouteLike {
  const found = router.resolve(place)
  return isOld(router) ? (found as { route: RouteLike }).route : found as RouteLike
}

/** What a route and those it lies in say; vue-router 3 does not merge them. */
export function metaOf(route: RouteLike): Record<PropertyKey, unknown> {
  return Object.assign({}, ...route.matched.map(({ meta }) => meta)) as Record<PropertyKey, unknown>
}
