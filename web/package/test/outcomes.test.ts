// The outcome table of a refresh: what ends a session, and what must not.
import { describe, expect, test } from 'vitest'
import type { Answer } from './kit'
import { advance, fakeClock, html, json, Page, refusal, Server, signedIn } from './kit'

const lost: Answer = () => { throw new TypeError('fetch failed') }

interface Row {
  name: string
  answers: Answer[]
  reason: string
}

const ends: Row[] = ['unknown', 'revoked', 'expired', 'disabled', 'reuse'].map((error) => ({
  name: `401 in the dialect's words: ${error}`,
  answers: [() => json(401, { error, message: 'no' })],
  reason: error
}))

const passes: Row[] = [
  { name: '503', answers: [() => json(503, { error: 'busy', message: 'later' })], reason: 'unavailable' },
  { name: '503 as a page', answers: [() => html(503)], reason: 'unavailable' },
  { name: '500 without a body', answers: [() => new Response(null, { status: 500 })], reason: 'unavailable' },
  { name: '502', answers: [() => html(502)], reason: 'unavailable' },
  { name: '504', answers: [() => html(504)], reason: 'unavailable' },
  { name: '408', answers: [() => html(408)], reason: 'unavailable' },
  { name: '425', answers: [() => html(425)], reason: 'unavailable' },
  { name: '429', answers: [() => json(429, { error: 'slow_down', message: 'slower' })], reason: 'unavailable' },
  { name: '429 as a page', answers: [() => html(429)], reason: 'unavailable' },
  { name: 'a captive portal: 200 as a page', answers: [() => html(200)], reason: 'not-the-server' },
  { name: 'a firewall: 403 as a page', answers: [() => html(403)], reason: 'not-the-server' },
  { name: '401 as a page', answers: [() => html(401)], reason: 'not-the-server' },
  { name: '400 as a page', answers: [() => html(400)], reason: 'not-the-server' },
  ...[404, 405, 410, 413, 415, 422].map((status) => ({
    name: `${status} in JSON`, answers: [() => json(status, { error: 'x', message: 'x' })], reason: 'not-the-server'
  })),
  { name: 'a redirect', answers: [() => new Response(null, { status: 302, headers: { Location: '/login' } })], reason: 'not-the-server' },
  { name: '401 in words of nobody', answers: [() => json(401, { error: 'nonsense' })], reason: 'unrecognised' },
  { name: '403 without a body', answers: [() => new Response(null, { status: 403 })], reason: 'unrecognised' },
  { name: '400 in words of nobody', answers: [() => json(400, { error: 'nonsense' })], reason: 'unrecognised' }
]

/** It may have been done: the same step is asked for again at once. */
const unknowns: [string, Answer][] = [
  ['no answer', lost],
  ['half an answer', () => new Response('{"access_tok', { status: 200, headers: { 'Content-Type': 'application/json' } })],
  ['an answer of more than 64 KiB', () => new Response('x'.repeat(64 * 1024 + 1), { status: 200 })]
]

describe('ends the session', () => {
  test.each(ends)('$name', async ({ answers, reason }) => {
    const server = new Server()
    const stay = await signedIn(server)
    server.nextRefreshes.push(...answers)
    expect(await refusal(stay.refresh())).toMatchObject({ code: 'STAY_SIGN_IN', reason })
    expect(stay.getSnapshot()).toMatchObject({ state: 'ended', signedIn: false, user: null, reason })
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_SIGN_IN', reason })
    expect(server.refreshes).toBe(1)
  })
})

describe('keeps the session', () => {
  test.each(passes)('$name', async ({ answers, reason }) => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    server.nextRefreshes.push(...answers)
    expect(await refusal(stay.refresh())).toMatchObject({ code: 'STAY_TRY_LATER', reason })
    expect(stay.getSnapshot()).toMatchObject({ state: 'resting', signedIn: true, reason: '' })
    // The token lives: it goes on being used.
    expect(await stay.token()).toBe('token-1')
    await advance(2000)
    await stay.refresh()
    expect(await stay.token()).toBe('token-2')
    expect(stay.state).toBe('signed-in')
  })

  test.each(passes)('$name: who waits for a token fails fast, with the reason', async ({ answers, reason }) => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(300_001)
    server.nextRefreshes.push(...answers)
    const all = await Promise.all([1, 2, 3].map(() => refusal(stay.token())))
    for (const one of all) expect(one).toMatchObject({ code: 'STAY_TRY_LATER', reason })
    expect(server.refreshes).toBe(1)
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_TRY_LATER', reason })
    expect(server.refreshes).toBe(1)
  })

  test('no network: nothing is sent, and the reason says so', async () => {
    const page = new Page()
    const server = new Server()
    const stay = await signedIn(server)
    page.network(false)
    expect(await refusal(stay.refresh())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'no-connection' })
    expect(server.refreshes).toBe(0)
  })
})

describe('Retry-After', () => {
  test.each([['20', 19_900, 30_100], ['7200', 3_599_900, 5_400_100]])('%s s is a lower bound, an hour at most', async (text, before, after) => {
    fakeClock()
    const server = new Server()
    server.life = 30_000
    const stay = await signedIn(server)
    server.nextRefreshes.push(() => json(503, {}, { 'Retry-After': text }))
    await refusal(stay.refresh())
    await advance(before)
    await refusal(stay.refresh())
    expect(server.refreshes).toBe(1)
    await advance(after - before)
    await stay.refresh()
    expect(server.refreshes).toBe(2)
  })
})

describe('goes on by itself', () => {
  test('409 advance: the next step is taken at once', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.nextRefreshes.push(() => json(409, { error: 'advance', message: 'had it' }))
    await stay.refresh()
    expect(server.refreshes).toBe(2)
    const sent = server.calls.filter(({ path }) => path.endsWith('/refresh')).map(({ body }) => JSON.parse(body) as { generation: number })
    expect(sent.map(({ generation }) => generation)).toEqual([0, 1])
  })

  test.each(unknowns)('%s: the same step is sent again at once, byte for byte', async (_, answer) => {
    const server = new Server()
    const stay = await signedIn(server)
    server.nextRefreshes.push(answer)
    await stay.refresh()
    expect(await stay.token()).toBe('token-2')
    const sent = server.calls.filter(({ path }) => path.endsWith('/refresh'))
    expect(sent).toHaveLength(2)
    expect(sent[1].body).toBe(sent[0].body)
  })

  test.each(unknowns)('%s, time and again: who waits is told, and the session is kept', async (_, answer) => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(300_001)
    const { refresh } = server
    server.refresh = answer
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'no-answer' })
    expect(stay.getSnapshot()).toMatchObject({ state: 'resting', signedIn: true })
    server.refresh = refresh
    await advance(10_000)
    expect(await stay.token()).toBe('token-2')
    const bodies = server.calls.filter(({ path }) => path.endsWith('/refresh')).map(({ body }) => body)
    expect(new Set(bodies).size).toBe(1)
  })

  test('three strange answers over five minutes: sign in, and still the session is kept', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(301_000)
    for (let i = 0; i < 3; i++) {
      server.nextRefreshes.push(() => json(401, { error: 'nonsense' }))
      await refusal(stay.token())
      await advance(160_000)
    }
    server.nextRefreshes.push(() => json(401, { error: 'nonsense' }))
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_BAD_REPLY', reason: 'unrecognised' })
    expect(stay.signedIn).toBe(true)
    await advance(160_000)
    expect(await stay.token()).toBe('token-2')
  })

  test('the server refuses the app: told as such, and the session is kept', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.nextRefreshes.push(() => json(400, { error: 'invalid_client' }))
    expect(['STAY_BAD_CONFIG', 'STAY_TRY_LATER']).toContain((await refusal(stay.refresh())).code)
    expect(stay.signedIn).toBe(true)
  })
})

test('with the endpoint down: at most 8 calls a minute, and 60 an hour', async () => {
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server)
  server.refresh = () => html(503)
  await advance(301_000)
  const perMinute: number[] = []
  for (let minute = 0; minute < 60; minute++) {
    const before = server.refreshes
    for (let i = 0; i < 120; i++) {
      await refusal(stay.token())
      await advance(500)
    }
    perMinute.push(server.refreshes - before)
  }
  expect(Math.max(...perMinute)).toBeLessThanOrEqual(8)
  expect(server.refreshes).toBeLessThanOrEqual(60)
  expect(server.refreshes).toBeGreaterThan(30)
  expect(stay.signedIn).toBe(true)
}, 60_000)
