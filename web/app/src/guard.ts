// Who may see which page; where a session ends, the way to sign-in and back.
import type { RouteLocationNormalized, RouteLocationRaw, Router } from 'vue-router'
import type { Stay } from '@stay/web'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Only for who is signed in. */
    auth?: boolean
    /** All of these are wanted. */
    roles?: string[]
    /** Only for who is not. */
    guest?: boolean
  }
}

/** A page of this app, or home: an address from the outside is not followed. */
export function wayBack(router: Router, next: unknown): RouteLocationRaw {
  if (typeof next !== 'string' || !/^\/(?![/\\])/.test(next)) return { name: 'home' }
  const route = router.resolve(next)
  const known = route.matched.length > 0 && route.name !== 'lost' && route.meta.guest !== true
  return known ? next : { name: 'home' }
}

function wantsSignIn(route: RouteLocationNormalized): boolean {
  return route.meta.auth === true || route.meta.roles !== undefined
}

export function guard(router: Router, stay: Stay): void {
  router.beforeEach(async (to) => {
    // A reload past the token's life is decided by the session, not by the token.
    const { signedIn, user } = await stay.ready()
    if (to.meta.guest === true && signedIn) return wayBack(router, to.query.next)
    if (!wantsSignIn(to)) return true
    if (!signedIn) return { name: 'sign-in', query: { next: to.fullPath } }
    const missing = (to.meta.roles ?? []).filter((role) => user?.roles.includes(role) !== true)
    if (missing.length === 0) return true
    return { name: 'forbidden', query: { page: to.meta.title, role: missing }, replace: true }
  })

  let signedIn = false
  stay.subscribe(() => {
    const now = stay.getSnapshot()
    if (now.state === 'opening' || now.signedIn === signedIn) return
    signedIn = now.signedIn
    const here = router.currentRoute.value
    if (signedIn && here.meta.guest === true) void router.replace(wayBack(router, here.query.next))
    if (!signedIn && wantsSignIn(here)) {
      // Who signed out wants to leave; who was signed out wants to go on.
      const left = now.reason === 'signed-out'
      void router.push({ name: 'sign-in', query: left ? {} : { next: here.fullPath } })
    }
  })
}
