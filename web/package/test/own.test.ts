// Messages of the session's own that the app sends itself: none of our business.
import { expect, test } from 'vitest'
import { Server, signedIn } from './kit'

const rows = [
  { name: 'signing in shows no token', method: 'POST', path: '/api/session', shows: false },
  { name: 'signing up shows no token', method: 'POST', path: '/api/account', shows: false },
  { name: 'asking who one is, at the path of signing up, shows it', method: 'GET', path: '/api/account', shows: true },
  { name: 'changing that does, too', method: 'PATCH', path: '/api/account?now=1', shows: true },
  { name: 'a path that only begins so is another one', method: 'POST', path: '/api/accounts', shows: true }
]

test.each(rows)('$name', async ({ method, path, shows }) => {
  const server = new Server()
  const stay = await signedIn(server)
  await stay.fetch(server.origin + path, { method })
  expect(server.calls[server.calls.length - 1]).toMatchObject({ method, token: shows ? server.current : '' })
})
