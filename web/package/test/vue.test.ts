// @stay/web/vue with Vue 3, vue-router 4 and Pinia: what is shown, and who may
// see which page.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, describe, expect, test } from 'vitest'
import { createSSRApp, defineComponent, effectScope, h, nextTick, watchEffect } from 'vue'
import type { Router } from 'vue-router'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import { renderToString } from 'vue/server-renderer'
import type { Stay } from '../src/index'
import { stayStore } from '../src/pinia'
import { stayGuard, useStay } from '../src/vue'
import { advance, fakeClock, html, json, Page, quiet, refusal, Server, signedIn, stayFor, until } from './kit'
import { Memory } from './storage'

const scopes: { stop(): void }[] = []
afterEach(() => { for (const scope of scopes.splice(0)) scope.stop() })

function inScope<T>(work: () => T): T {
  const scope = effectScope()
  scopes.push(scope)
  return scope.run(work)!
}

describe('useStay', () => {
  test('user, state and reason follow the session', async () => {
    const server = new Server()
    const stay = stayFor(server)
    const shown = inScope(() => useStay(stay))
    expect(shown.state.value).toBe('opening')
    await stay.ready()
    expect(shown.state.value).toBe('signed-out')
    await shown.signIn({ username: 'ada', password: 'lovelace' })
    expect([shown.user.value?.username, shown.signedIn.value, shown.state.value]).toEqual(['ada', true, 'signed-in'])
    server.refresh = () => json(401, { error: 'disabled', message: 'no' })
    await refusal(stay.refresh())
    expect([shown.user.value, shown.reason.value, shown.reasonText.value]).toEqual([null, 'disabled', 'This account is disabled.'])
  })

  test('secondsLeft counts down by itself, and up when the token is renewed', async () => {
    fakeClock()
    void new Page()
    const stay = await signedIn(new Server())
    const shown = inScope(() => useStay(stay))
    const seen: number[] = []
    inScope(() => watchEffect(() => { seen.push(shown.secondsLeft.value) }, { flush: 'sync' }))
    expect(seen).toEqual([300])
    await advance(3000)
    expect(seen).toEqual([300, 299, 298, 297])
    await stay.refresh()
    expect(seen.at(-1)).toBe(300)
  })

  test('a scope that ends lets go', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const scope = effectScope()
    const shown = scope.run(() => useStay(stay))!
    let drawn = 0
    inScope(() => watchEffect(() => { void shown.user.value; drawn += 1 }, { flush: 'sync' }))
    scope.stop()
    await stay.signOut()
    expect(drawn).toBe(1)
  })

  test('app.use(stay): components have it, on a server too', async () => {
    const stay = await signedIn(new Server())
    const part = defineComponent({
      setup() {
        const { user } = useStay()
        return () => h('p', user.value?.username)
      }
    })
    const app = createSSRApp({ render: () => h(part) })
    app.use(stay)
    expect(await renderToString(app)).toBe('<p>ada</p>')
    expect((app.config.globalProperties as { $stay?: Stay }).$stay).toBe(stay)
  })

  test('on a server, which has no session, it draws a page that has just opened', async () => {
    const part = defineComponent({
      setup() {
        const { state, user, signedIn, secondsLeft } = useStay()
        return () => h('p', `${state.value} ${user.value?.username ?? '-'} ${signedIn.value} ${secondsLeft.value}`)
      }
    })
    expect(await renderToString(createSSRApp({ render: () => h(part) }))).toBe('<p>opening - false 0</p>')
  })

  test('without app.use it says what is missing', () => {
    expect(() => inScope(() => useStay())).toThrow('app.use(stay)')
  })
})

test('stayStore: a Pinia store of the same', async () => {
  setActivePinia(createPinia())
  const server = new Server()
  const stay = stayFor(server)
  const store = stayStore(stay)()
  await store.signIn({ username: 'ada', password: 'lovelace' })
  expect([store.user?.username, store.state, store.signedIn]).toEqual(['ada', 'signed-in', true])
  expect(store.secondsLeft).toBeGreaterThan(290)
  await store.signOut()
  expect([store.user, store.state, store.signedIn]).toEqual([null, 'signed-out', false])
  expect(stayStore(stay, 'other')().$id).toBe('other')
})

const blank = { render: () => h('p', 'page') }

interface Site {
  router: Router
  stay: Stay
  app: ReturnType<typeof createSSRApp>
}

/** An app whose first navigation goes to `first`. */
async function site(stay: Stay, first: string, more: object = {}): Promise<Site> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'home', component: blank },
      { path: '/login', name: 'login', component: blank },
      { path: '/profile', name: 'profile', component: blank, meta: { auth: true } },
      { path: '/team', component: RouterView, meta: { auth: true }, children: [{ path: 'one/:id', component: blank }] },
      { path: '/admin', component: blank, meta: { auth: true, roles: ['admin'] } },
      { path: '/mod', component: blank, meta: { roles: ['moderator', 'user'] } },
      { path: '/no', component: blank },
      { path: '/:rest(.*)*', component: blank }
    ]
  })
  stayGuard(router, { signIn: '/login', ...more })
  const app = createSSRApp({ render: () => h(RouterView) })
  app.use(stay).use(router)
  await router.push(first)
  await router.isReady()
  return { router, stay, app }
}

function at({ router }: Site): string {
  return router.currentRoute.value.fullPath
}

describe('stayGuard', () => {
  test('a page for everybody is shown to everybody', async () => {
    expect(at(await site(stayFor(new Server()), '/'))).toBe('/')
  })

  test('nobody is signed in: to the sign-in, with the page that was asked for', async () => {
    expect(at(await site(stayFor(new Server()), '/profile?tab=2#x'))).toBe('/login?next=/profile?tab=2%23x')
  })

  test('a route inside one that wants a session wants one', async () => {
    expect(at(await site(stayFor(new Server()), '/team/one/3'))).toBe('/login?next=/team/one/3')
  })

  test('after the sign-in the page that was asked for comes by itself', async () => {
    const here = await site(stayFor(new Server()), '/team/one/3?x=y')
    await here.stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => at(here) === '/team/one/3?x=y')
  })

  test.each([
    ['none', '/login'],
    ['another site', '/login?next=https://evil.test/'],
    ['another site without its scheme', '/login?next=//evil.test/'],
    ['the same with a backslash', '/login?next=/%5Cevil.test/'],
    ['no route of this app', '/login?next=/nowhere/at/all'],
    ['a path without its slash', '/login?next=profile'],
    ['the sign-in itself', '/login?next=/login?next=/profile'],
    ['two of them', '/login?next=/profile&next=/admin'],
    ['script', '/login?next=javascript:alert(1)']
  ])('asked for: %s: home comes instead', async (_, first) => {
    const here = await site(stayFor(new Server()), first)
    await here.stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => at(here) === '/')
  })

  test('home can be another page, by its name', async () => {
    const here = await site(stayFor(new Server()), '/login', { signIn: { name: 'login' }, home: { name: 'profile' } })
    await here.stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => at(here) === '/profile')
  })

  test('who is signed in has no need of the sign-in page', async () => {
    const stay = await signedIn(new Server())
    expect(at(await site(stay, '/login?next=/profile'))).toBe('/profile')
    expect(at(await site(stay, '/login'))).toBe('/')
  })

  test.each([['/profile', '/profile'], ['/mod', '/mod'], ['/admin', '/forbidden?from=/admin']])('a user asks for %s and gets %s', async (wanted, got) => {
    expect(at(await site(await signedIn(new Server()), wanted))).toBe(got)
  })

  test('the page for a wrong role says who is signed in and what was wanted', async () => {
    const here = await site(await signedIn(new Server()), '/admin')
    const text = await renderToString(here.app)
    expect(text).toContain('signed in as ada')
    expect(text).toContain('/admin')
    expect(here.stay.signedIn).toBe(true)
  })

  test('an app may have its own', async () => {
    expect(at(await site(await signedIn(new Server()), '/admin', { forbidden: '/no' }))).toBe('/no?from=/admin')
  })

  test('a session that ends goes to the sign-in by itself, with the reason', async () => {
    const server = new Server()
    const here = await site(await signedIn(server), '/profile')
    server.refresh = () => json(401, { error: 'disabled', message: 'no' })
    await refusal(here.stay.refresh())
    await until(() => at(here) === '/login?next=/profile&reason=disabled')
    await here.stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => at(here) === '/profile')
  })

  test('who signs out is not asked back to the page', async () => {
    const here = await site(await signedIn(new Server()), '/profile')
    await here.stay.signOut()
    await until(() => at(here) === '/login')
  })

  test('a page for everybody stays when the session ends', async () => {
    const here = await site(await signedIn(new Server()), '/')
    await here.stay.signOut()
    await quiet()
    await nextTick()
    expect(at(here)).toBe('/')
  })

  test('without app.use the navigation says what is missing', async () => {
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: blank }] })
    stayGuard(router, { signIn: '/login' })
    expect((await refusal(router.push('/'))).message).toContain('app.use(stay)')
  })

  test('given the session, it needs no app.use', async () => {
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/p', component: blank, meta: { auth: true } }, { path: '/login', component: blank }] })
    stayGuard(router, { signIn: '/login', stay: stayFor(new Server()) })
    await router.push('/p')
    expect(router.currentRoute.value.path).toBe('/login')
  })
})

describe('stayGuard when a page is loaded, and its token died meanwhile', () => {
  async function reloaded(answer?: () => Response) {
    fakeClock()
    const storage = new Memory()
    const server = new Server()
    const first = await signedIn(server, { storage })
    first.close()
    await advance(3600_000)
    if (answer !== undefined) server.refresh = answer
    return { server, stay: stayFor(server, { storage }) }
  }

  test('it waits for the refresh, and shows the page', async () => {
    const { server, stay } = await reloaded()
    expect(at(await site(stay, '/profile'))).toBe('/profile')
    expect(server.refreshes).toBe(1)
    expect(stay.secondsLeft).toBeGreaterThan(0)
  })

  test('refused: the sign-in comes, and never the page', async () => {
    const { stay } = await reloaded(() => json(401, { error: 'revoked', message: 'no' }))
    expect(at(await site(stay, '/profile'))).toBe('/login?next=/profile&reason=revoked')
  })

  test('the server is away: the page is shown, and the session kept', async () => {
    const { stay } = await reloaded(() => html(503))
    expect(at(await site(stay, '/profile'))).toBe('/profile')
    expect(stay.signedIn).toBe(true)
  })

  test('a page for everybody does not wait', async () => {
    const { server, stay } = await reloaded()
    expect(at(await site(stay, '/'))).toBe('/')
    expect(server.refreshes).toBe(0)
  })
})
