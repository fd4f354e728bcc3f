// Vue 2.7 and vue-router 3: the same entry, on the old pair.
import { afterEach, describe, expect, test, vi } from 'vitest'
import type VueType from 'vue-2'
import type RouterType from 'vue-router-3'
import { json, refusal, Server, signedIn, stayFor, until } from './kit'
import type { Stay } from '../src/index'

vi.mock('vue', async () => import('vue-2'))
const { default: Vue } = await import('vue-2') as unknown as { default: typeof VueType }
const { default: VueRouter } = await import('vue-router-3') as unknown as { default: typeof RouterType }
const { stayGuard, useStay } = await import('../src/vue')

Vue.config.productionTip = false
Vue.config.devtools = false
Vue.use(VueRouter)

const blank = { render: (h: (tag: string) => unknown) => h('p') }

afterEach(() => { delete (Vue.prototype as { $stay?: Stay }).$stay })

async function site(stay: Stay, first: string) {
  Vue.use({ install: (app: object) => stay.install(app) })
  const router = new VueRouter({
    mode: 'abstract',
    routes: [
      { path: '/', component: blank as never },
      { path: '/login', component: blank as never },
      { path: '/team', component: blank as never, meta: { auth: true }, children: [{ path: 'one', component: blank as never }] },
      { path: '/admin', component: blank as never, meta: { roles: ['admin'] } },
      { path: '*', component: blank as never }
    ]
  })
  stayGuard(router, { signIn: '/login' })
  new Vue({ router, ...blank } as never)
  await router.push(first).catch(() => {})
  return router
}

describe('vue-router 3', () => {
  test('nobody is signed in: to the sign-in, and afterwards to the page', async () => {
    const stay = stayFor(new Server())
    const router = await site(stay, '/team/one?x=1')
    await until(() => router.currentRoute.fullPath === '/login?next=%2Fteam%2Fone%3Fx%3D1')
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => router.currentRoute.fullPath === '/team/one?x=1')
  })

  test('a wrong role', async () => {
    const router = await site(await signedIn(new Server()), '/admin')
    await until(() => router.currentRoute.path === '/forbidden')
  })

  test('a session that ends', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const router = await site(stay, '/team')
    await until(() => router.currentRoute.path === '/team')
    server.refresh = () => json(401, { error: 'revoked', message: 'no' })
    await refusal(stay.refresh())
    await until(() => router.currentRoute.path === '/login')
    expect(router.currentRoute.query).toEqual({ next: '/team', reason: 'revoked' })
  })

  test('no route of this app', async () => {
    const stay = stayFor(new Server())
    const router = await site(stay, '/login?next=/nowhere')
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => router.currentRoute.path === '/')
  })
})

test('useStay in a set-up of Vue 2.7, after Vue.use(stay)', async () => {
  const stay = await signedIn(new Server())
  stay.install(Vue)
  const seen: string[] = []
  new Vue({
    setup() {
      const { user } = useStay()
      return { user }
    },
    created(this: { user: { username: string } }) { seen.push(this.user.username) },
    ...blank
  } as never)
  expect(seen).toEqual(['ada'])
})
