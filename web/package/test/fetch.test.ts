// stay.fetch beside window.fetch.
import { describe, expect, test } from 'vitest'
import expressDialect from '#core/dialects/express'
import type { Call } from './kit'
import { json, refusal, Server, signedIn, stayFor, advance, fakeClock, until } from './kit'

/** A session whose token the server has forgotten: the next request meets a 401. */
async function expired(more = {}) {
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server, more)
  await advance(40_000)
  server.expire()
  return { server, stay, url: `${server.origin}/api/test/user` }
}

function sent(server: Server, path = '/api/test/user'): Call[] {
  return server.calls.filter((call) => call.path === path)
}

function stream(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    }
  })
}

describe('what is sent again is what was sent', () => {
  const bodies: [string, () => BodyInit, string | RegExp][] = [
    ['text', () => 'tea', 'tea'],
    ['bytes', () => new TextEncoder().encode('tea'), 'tea'],
    ['a blob', () => new Blob(['tea']), 'tea'],
    ['a form', () => new URLSearchParams({ title: 'tea' }), 'title=tea'],
    ['a form with a file', () => {
      const form = new FormData()
      form.append('file', new Blob(['tea']), 'tea.txt')
      return form
    }, /tea\.txt[^]*tea/]
  ]
  test.each(bodies)('%s', async (_, body, text) => {
    const { server, stay, url } = await expired()
    const response = await stay.fetch(url, { method: 'POST', body: body(), headers: { 'X-Own': 'yes' } })
    expect(response.status).toBe(200)
    const [first, second] = sent(server)
    expect(first.token).toBe('token-1')
    expect(second.token).toBe('token-2')
    for (const call of [first, second]) {
      expect(call.body).toMatch(text)
      expect(call.method).toBe('POST')
      expect(call.headers.get('x-own')).toBe('yes')
    }
    expect(server.refreshes).toBe(1)
  })

  test('a Request object, with its body', async () => {
    const { server, stay, url } = await expired()
    const response = await stay.fetch(new Request(url, { method: 'PUT', body: 'tea', headers: { 'Content-Type': 'text/tea' } }))
    expect(response.status).toBe(200)
    expect(sent(server).map(({ method, body, headers }) => [method, body, headers.get('content-type')]))
      .toEqual([['PUT', 'tea', 'text/tea'], ['PUT', 'tea', 'text/tea']])
  })

  test('a URL object', async () => {
    const { stay, url } = await expired()
    expect((await stay.fetch(new URL(url))).status).toBe(200)
  })
})

describe('a body that can be read once', () => {
  test('goes with a token that lasts: one near its end is renewed first', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server, { earlySeconds: -1 })
    await advance(260_000)
    const response = await stay.fetch(`${server.origin}/api/test/user`, { method: 'POST', body: stream('tea'), duplex: 'half' } as RequestInit)
    expect(response.status).toBe(200)
    expect(sent(server).map(({ token, body }) => [token, body])).toEqual([['token-2', 'tea']])
  })

  test('goes with one near its end where no newer is to be had', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server, { earlySeconds: -1 })
    await advance(260_000)
    server.refresh = () => json(503, {})
    const response = await stay.fetch(`${server.origin}/api/test/user`, { method: 'POST', body: stream('tea'), duplex: 'half' } as RequestInit)
    expect(response.status).toBe(200)
    expect(sent(server).map(({ token }) => token)).toEqual(['token-1'])
  })

  test('refused all the same: the 401 is delivered, and the next request has a new token', async () => {
    const { server, stay, url } = await expired()
    const response = await stay.fetch(url, { method: 'POST', body: stream('tea'), duplex: 'half' } as RequestInit)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: 'expired_token' })
    expect(sent(server)).toHaveLength(1)
    expect((await stay.fetch(url)).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('a Request object with a stream is read once, too', async () => {
    const { server, stay, url } = await expired()
    const response = await stay.fetch(new Request(url, { method: 'POST', body: stream('tea'), duplex: 'half' } as RequestInit))
    expect([200, 401]).toContain(response.status)
    for (const { body } of sent(server)) expect(body).toBe('tea')
  })
})

describe('left alone', () => {
  test('{stay: false} is plain fetch: no token, no refresh', async () => {
    const { server, stay, url } = await expired()
    expect((await stay.fetch(url, { stay: false })).status).toBe(401)
    expect(sent(server).map(({ token }) => token)).toEqual([''])
    expect(server.refreshes).toBe(0)
  })

  test('an Authorization header of the app’s own wins', async () => {
    const { server, stay, url } = await expired()
    expect((await stay.fetch(url, { headers: { Authorization: 'Bearer mine' } })).status).toBe(401)
    expect(sent(server).map(({ token }) => token)).toEqual(['mine'])
    expect(server.refreshes).toBe(0)
  })

  test('another origin sees no token, and its 401 is its own', async () => {
    const { server, stay } = await expired()
    const { resource } = server
    const seen: string[] = []
    server.resource = (call) => {
      if (!call.url.startsWith('http://elsewhere.test')) return resource(call)
      seen.push(call.token)
      return server.expired(call)
    }
    expect((await stay.fetch('http://elsewhere.test/x')).status).toBe(401)
    expect(seen).toEqual([''])
    expect(server.refreshes).toBe(0)
  })

  test('an origin on the list sees it', async () => {
    const { server, stay } = await expired({ origins: ['http://api.test:8080'] })
    server.resource = (call) => call.token === '' ? server.expired(call) : json(200, {})
    for (const [url, status] of [['http://api.test:8080/x', 200], ['http://api.test/x', 401], ['https://api.test:8080/x', 401]] as const) {
      expect((await stay.fetch(url)).status).toBe(status)
      expect(stay.reaches(url)).toBe(status === 200)
    }
  })

  test('the session’s own addresses, called by the app, are left as they are', async () => {
    const { server, stay } = await expired()
    server.signIn = () => json(401, { error: 'bad_credentials', message: 'no' })
    expect((await stay.fetch(`${server.origin}/api/session`, { method: 'POST', body: '{}' })).status).toBe(401)
    expect(sent(server, '/api/session').at(-1)?.token).toBe('')
    expect(server.refreshes).toBe(0)
    expect(stay.signedIn).toBe(true)
  })
})

describe('a redirect, where the token travels in a header that browsers do not take off', () => {
  async function express(places: Record<string, string>) {
    const seen: [string, string | null][] = []
    const routed = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const request = new Request(input as RequestInfo, init)
      if (request.url.endsWith('/auth/signin')) return json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_USER'], accessToken: 'a.b.c', refreshToken: 'r' })
      seen.push([request.url, request.headers.get('x-access-token')])
      const next = places[request.url]
      if (next === undefined) return Object.defineProperty(json(200, {}), 'url', { value: request.url })
      if (request.redirect === 'manual') return new Response(null, { status: 302, headers: { Location: next } })
      return routed(new Request(next, request))
    }
    const stay = stayFor(new Server(), { baseURL: 'http://here.test', dialect: expressDialect, fetch: routed as typeof fetch })
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    return { stay, seen }
  }

  test('to another origin carries no token', async () => {
    const { stay, seen } = await express({ 'http://here.test/api/x': 'http://there.test/y' })
    expect((await stay.fetch('http://here.test/api/x')).status).toBe(200)
    expect(seen.filter(([url]) => url.startsWith('http://there.test')).map(([, token]) => token)).toEqual([null])
  })

  test('within the origin arrives with the token', async () => {
    const { stay, seen } = await express({ 'http://here.test/api/x': 'http://here.test/api/y' })
    expect((await stay.fetch('http://here.test/api/x')).status).toBe(200)
    expect(seen.at(-1)).toEqual(['http://here.test/api/y', 'a.b.c'])
  })

  test('none: one request, with the token', async () => {
    const { stay, seen } = await express({})
    await stay.fetch('http://here.test/api/x', { method: 'POST', body: 'tea' })
    expect(seen).toEqual([['http://here.test/api/x', 'a.b.c']])
  })
})

describe('what fetch is asked for, it is given', () => {
  test('keepalive, cache, credentials, redirect and referrer reach it', async () => {
    const server = new Server()
    const seen: Request[] = []
    const stay = await signedIn(server, { fetch: (async (input, init) => {
      if (input instanceof Request) seen.push(input)
      return server.fetch(input as Request, init)
    }) as typeof fetch })
    await stay.fetch(`${server.origin}/api/test/user`, { keepalive: true, cache: 'no-store', credentials: 'include', redirect: 'error', method: 'POST', body: 'tea' })
    expect(seen[0]).toMatchObject({ keepalive: true, cache: 'no-store', credentials: 'include', redirect: 'error' })
  })

  test('an abort before it is sent', async () => {
    const { server, stay, url } = await expired()
    expect(await refusal(stay.fetch(url, { signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' })
    expect(sent(server)).toHaveLength(0)
  })

  test('an abort while it waits for a token; the refresh goes on', async () => {
    const { server, stay, url } = await expired()
    await advance(300_000)
    let go = (): void => {}
    const { refresh } = server
    server.refresh = async (call) => { await new Promise<void>((resolve) => { go = resolve }); return refresh(call) }
    const patience = new AbortController()
    const asked = refusal(stay.fetch(url, { signal: patience.signal }))
    await until(() => server.refreshes === 1)
    patience.abort()
    expect(await asked).toMatchObject({ name: 'AbortError' })
    go()
    expect((await stay.fetch(url)).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('no network is what it is in plain fetch', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.resource = () => { throw new TypeError('Failed to fetch') }
    expect(await refusal(stay.fetch(`${server.origin}/api/test/user`))).toBeInstanceOf(TypeError)
    expect(stay.signedIn).toBe(true)
  })

  test('a relative address without a page is the mistake it is in plain fetch', async () => {
    const stay = stayFor(new Server())
    expect(await refusal(stay.fetch('/x'))).toBeInstanceOf(TypeError)
  })
})
