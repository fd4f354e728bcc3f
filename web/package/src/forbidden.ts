// The page for who is signed in and lacks a role, where the app has none.
import { h } from 'vue'
import type { Stay } from './api'

interface Page {
  $stay?: Stay
  $route: { query: Record<string, unknown> }
}

const page = {
  render(this: Page) {
    const name = this.$stay?.user?.username ?? ''
    const { from } = this.$route.query
    return h('main', [
      h('h1', 'Not for this account'),
      h('p', `You are signed in as ${name}, and this account may not see ${typeof from === 'string' ? from : 'that page'}.`)
    ])
  }
}

export const forbiddenRoute = { path: '/forbidden', name: 'stay-forbidden', component: page }
