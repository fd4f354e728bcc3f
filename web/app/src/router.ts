import { createRouter, createWebHistory } from 'vue-router'
import type { RouteRecordRaw } from 'vue-router'
import { stayGuard } from '@stay/web/vue'
import AdminPage from './pages/AdminPage.vue'
import BoardPage from './pages/BoardPage.vue'
import ForbiddenPage from './pages/ForbiddenPage.vue'
import HomePage from './pages/HomePage.vue'
import LostPage from './pages/LostPage.vue'
import ProfilePage from './pages/ProfilePage.vue'
import RegisterPage from './pages/RegisterPage.vue'
import SessionsPage from './pages/SessionsPage.vue'
import SignInPage from './pages/SignInPage.vue'
import TimelinePage from './pages/TimelinePage.vue'
import TodosPage from './pages/TodosPage.vue'
import { findDemo } from './demo'
import { stay } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Only for who is signed in. */
    auth?: boolean
    /** Only for who has one of these. */
    roles?: string[]
  }
}

async function onlyStrangers() {
  return (await stay.ready()).signedIn ? { name: 'home' } : true
}

async function demoForStrangers() {
  if (!(await stay.ready()).signedIn) await findDemo()
}

function board(name: string, title: string, roles?: string[]): RouteRecordRaw {
  return { path: `/boards/${name}`, name: `board-${name}`, component: BoardPage, props: { name }, meta: { title, roles } }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: HomePage, meta: { title: 'Home' }, beforeEnter: demoForStrangers },
  { path: '/sign-in', name: 'sign-in', component: SignInPage, meta: { title: 'Sign in' }, beforeEnter: demoForStrangers },
  { path: '/register', name: 'register', component: RegisterPage, meta: { title: 'Register' }, beforeEnter: onlyStrangers },
  { path: '/profile', name: 'profile', component: ProfilePage, meta: { title: 'Profile', auth: true } },
  { path: '/boards', redirect: { name: 'board-public' } },
  board('public', 'Public board'),
  board('user', 'Board for users', ['user']),
  board('moderator', 'Board for moderators', ['moderator']),
  board('admin', 'Board for administrators', ['admin']),
  { path: '/todos', name: 'todos', component: TodosPage, meta: { title: 'Todos', auth: true } },
  { path: '/sessions', name: 'sessions', component: SessionsPage, meta: { title: 'My sessions', auth: true } },
  { path: '/admin', name: 'admin', component: AdminPage, meta: { title: 'Users', roles: ['admin'] } },
  { path: '/timeline', name: 'timeline', component: TimelinePage, meta: { title: 'Timeline' }, beforeEnter: findDemo },
  { path: '/forbidden', name: 'forbidden', component: ForbiddenPage, meta: { title: 'Not for this account' } },
  { path: '/:rest(.*)*', name: 'lost', component: LostPage, meta: { title: 'No such page' } }
]

export const router = createRouter({
  history: createWebHistory(import.meta.env.BASE_URL),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 }
})

stayGuard(router, { signIn: { name: 'sign-in' }, home: { name: 'home' }, forbidden: { name: 'forbidden' } })

router.afterEach((to) => { document.title = `${to.meta.title} · Stay` })
