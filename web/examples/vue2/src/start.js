import axios from 'axios'
import Vue from 'vue'
import VueRouter from 'vue-router'
import Vuex from 'vuex'
import { createStay } from '@stay/web'
import { stayGuard } from '@stay/web/vue'
import { stayVuex } from '@stay/web/vuex'
import App from './App.vue'
import Board from './Board.vue'
import Home from './Home.vue'
import Login from './Login.vue'
import Profile from './Profile.vue'
import './style.css'

const server = new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:8080'

const board = (path, title, meta) => ({ path: `/${path}`, component: Board, props: { path: `/test/${path}`, title }, meta })

function makeRouter({ signIn }) {
  return new VueRouter({
    routes: [
      { path: '/', component: Home },
      { path: '/login', component: Login, props: { action: signIn } },
      { path: '/profile', component: Profile, meta: { auth: true } },
      board('user', 'For users', { auth: true }),
      board('mod', 'For moderators', { auth: true }),
      board('admin', 'For admins', { roles: ['admin'] })
    ]
  })
}

export function start({ dialect, prefix, names, signIn, signOut }) {
  Vue.use(Vuex)
  Vue.use(VueRouter)

  const stay = createStay({ baseURL: server + prefix, dialect })
  axios.defaults.baseURL = server + prefix
  axios.defaults.adapter = stay.adapter(axios)
  Vue.use(stay)

  const store = new Vuex.Store({ plugins: [stayVuex(stay, { names })] })
  const router = makeRouter({ signIn })
  stayGuard(router, { signIn: '/login', home: '/profile' })

  new Vue({ router, store, render: (h) => h(App, { props: { signOut } }) }).$mount('#app')
}
