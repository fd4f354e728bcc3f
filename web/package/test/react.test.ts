// @vitest-environment happy-dom
// @stay/web/react in a page.
import { act, createElement } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Stay } from '../src/index'
import { createStay } from '../src/index'
import { useSecondsLeft, useStay } from '../src/react'
import { json, Server } from './kit'

beforeEach(() => { vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true) })

function Card({ stay }: { stay: Stay }) {
  const { user, state, reason } = useStay(stay)
  const seconds = useSecondsLeft(stay)
  return createElement('p', null, `${state} ${user?.username ?? '-'} ${reason} ${seconds}`)
}

test('a component shows the session, and is drawn again when it changes', async () => {
  const server = new Server()
  const stay = createStay({ baseURL: server.origin, mode: 'storage', storage: 'memory', fetch: server.fetch })
  const place = document.createElement('div')
  const root = createRoot(place)
  await act(async () => { root.render(createElement(Card, { stay })) })
  await act(async () => { await stay.ready() })
  expect(place.textContent).toBe('signed-out -  0')
  await act(async () => { await stay.signIn({ username: 'ada', password: 'lovelace' }) })
  expect(place.textContent).toBe('signed-in ada  300')
  server.refresh = () => json(401, { error: 'disabled', message: 'no' })
  await act(async () => { await stay.refresh().catch(() => {}) })
  expect(place.textContent).toBe('ended - disabled 0')
  act(() => root.unmount())
  stay.close()
})

test('a server draws a page that has just opened, whatever it knows, and the browser takes it over', async () => {
  const server = new Server()
  const stay = createStay({ baseURL: server.origin, mode: 'storage', storage: 'memory', fetch: server.fetch })
  await stay.signIn({ username: 'ada', password: 'lovelace' })
  const drawn = renderToString(createElement(Card, { stay }))
  expect(drawn).toBe('<p>opening -  0</p>')
  const place = document.createElement('div')
  place.innerHTML = drawn
  const complaints: unknown[] = []
  const root = await act(async () => hydrateRoot(place, createElement(Card, { stay }), { onRecoverableError: (error) => complaints.push(error) }))
  expect(place.textContent).toBe('signed-in ada  300')
  expect(complaints).toEqual([])
  act(() => root.unmount())
  stay.close()
})
