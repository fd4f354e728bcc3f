// stay.adapter on each generation of axios.
import { Readable } from 'node:stream'
import new1 from 'axios'
import old21 from 'axios-0.21'
import old28 from 'axios-0.28'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Stay } from '../src/index'
import { createStay } from '../src/index'
import { listen } from './http'
import type { Call } from './kit'
import { html, json, refusal, Server, until } from './kit'

// The old ones' own types are not the new one's.
type Axios = typeof new1
const versions: [string, Axios][] = [['1.21.1', new1], ['0.28', old28 as unknown as Axios], ['0.21.1', old21 as unknown as Axios]]

interface AxiosRefusal {
  isAxiosError?: boolean
  code?: string
  reason?: string
  message: string
  response?: { status: number, data: unknown }
  config?: { url?: string }
}

describe.each(versions)('axios %s', (version, axios) => {
  let server: Server
  let base: string
  let stay: Stay

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    server = new Server()
    base = await listen(server)
    stay = createStay({ baseURL: base, mode: 'storage', storage: 'memory' })
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    return () => stay.close()
  })

  /** A session through axios whose token the server has forgotten. */
  function expired(more: object = {}) {
    vi.advanceTimersByTime(40_000)
    server.expire()
    return fresh(more)
  }

  function fresh(more: object = {}) {
    const api = axios.create({ baseURL: `${base}/api`, proxy: false, ...more })
    api.defaults.adapter = stay.adapter(axios)
    return api
  }

  function sent(path = '/api/test/user'): Call[] {
    return server.calls.filter((call) => call.path === path)
  }

  test('a request carries the token', async () => {
    const { status, data } = await fresh().get('/test/user')
    expect([status, data]).toEqual([200, { ok: true }])
    expect(sent().map(({ token }) => token)).toEqual(['token-1'])
  })

  test('a 401 is held back, and the request is sent again with a new token', async () => {
    const { status } = await expired().post('/test/user', { title: 'tea' })
    expect(status).toBe(200)
    expect(sent().map(({ token, body }) => [token, body])).toEqual([['token-1', '{"title":"tea"}'], ['token-2', '{"title":"tea"}']])
    expect(server.refreshes).toBe(1)
  })

  test('50 at expiry: one refresh, all answered', async () => {
    const api = expired()
    const all = await Promise.all(Array.from({ length: 50 }, () => api.get('/test/user')))
    expect(all.every(({ status }) => status === 200)).toBe(true)
    expect(server.refreshes).toBe(1)
  })

  test('several instances, made before and after, share one session', async () => {
    const before = axios.create({ baseURL: `${base}/api`, proxy: false })
    const after = expired()
    before.defaults.adapter = stay.adapter(axios, before)
    const all = await Promise.all([before.get('/test/user'), after.get('/test/user'), before.get('/test/user')])
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(server.refreshes).toBe(1)
  })

  test('transformRequest is applied once, whatever is sent again', async () => {
    let times = 0
    await expired({ transformRequest: [(data: object) => { times += 1; return `<${JSON.stringify(data)}>` }] }).post('/test/user', { a: 1 })
    expect(times).toBe(1)
    expect(sent().map(({ body }) => body)).toEqual(['<{"a":1}>', '<{"a":1}>'])
  })

  test('transformResponse sees the last answer only', async () => {
    const seen: string[] = []
    await expired({ transformResponse: [(data: string) => { seen.push(data); return data }] }).get('/test/user')
    // The adapter's answer is transformed once by axios, after it.
    expect(seen).toEqual(['{"ok":true}'])
  })

  test('interceptors of the app run once, in their order', async () => {
    const api = expired()
    const seen: string[] = []
    api.interceptors.request.use((config) => { seen.push('request 1'); return config })
    api.interceptors.request.use((config) => { seen.push('request 2'); return config })
    api.interceptors.response.use((response) => { seen.push('response 1'); return response })
    api.interceptors.response.use((response) => { seen.push('response 2'); return response })
    await api.get('/test/user')
    expect(seen).toEqual(['request 2', 'request 1', 'response 1', 'response 2'])
  })

  test('validateStatus is the app’s: 404 resolves where it says so', async () => {
    server.resource = () => json(404, { message: 'none' })
    const api = fresh()
    expect((await api.get('/x', { validateStatus: () => true })).status).toBe(404)
    expect(await refusal(api.get('/x')) as AxiosRefusal).toMatchObject({ isAxiosError: true, response: { status: 404 } })
  })

  test('validateStatus that takes everything does not hide a 401 from the session', async () => {
    expect((await expired().get('/test/user', { validateStatus: () => true })).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('403 goes to the app with its message, and ends nothing', async () => {
    server.resource = () => json(403, { message: 'Require Admin Role!' })
    expect(await refusal(fresh().get('/test/admin')) as AxiosRefusal).toMatchObject({ response: { status: 403, data: { message: 'Require Admin Role!' } } })
    expect(stay.signedIn).toBe(true)
    expect(server.refreshes).toBe(0)
  })

  test('a 401 from the sign-in never refreshes', async () => {
    server.signIn = () => json(401, { error: 'bad_credentials', message: 'no' })
    expect(await refusal(fresh().post('/session', {})) as AxiosRefusal).toMatchObject({ response: { status: 401 } })
    expect(server.refreshes).toBe(0)
    expect(stay.signedIn).toBe(true)
  })

  test('the session ended: an AxiosError with the code and the reason', async () => {
    const api = expired()
    server.refresh = () => json(401, { error: 'disabled', message: 'no' })
    const error = await refusal(api.get('/test/user')) as AxiosRefusal
    expect(error).toMatchObject({ isAxiosError: true, code: 'STAY_SIGN_IN', reason: 'disabled', message: 'This account is disabled.', config: { url: '/test/user' } })
    if (version !== '0.21.1') expect(error).toBeInstanceOf((axios as unknown as { AxiosError: typeof Error }).AxiosError)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'STAY_SIGN_IN' })
  })

  test('the refresh fails for a passing reason: try later', async () => {
    const api = expired()
    server.refresh = () => html(503)
    expect(await refusal(api.get('/test/user')) as AxiosRefusal).toMatchObject({ isAxiosError: true, code: 'STAY_TRY_LATER', reason: 'unavailable' })
    expect(stay.signedIn).toBe(true)
  })

  test('timeout counts the waiting', async () => {
    const api = expired()
    server.refresh = () => new Promise(() => {})
    vi.useRealTimers()
    const error = await refusal(api.get('/test/user', { timeout: 300 })) as AxiosRefusal
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 300ms exceeded' })
  })

  test('timeout counts both sends', async () => {
    const api = expired()
    vi.useRealTimers()
    const { resource } = server
    server.resource = async (call) => { await new Promise((resolve) => { setTimeout(resolve, 250) }); return resource(call) }
    const began = process.hrtime.bigint()
    expect(await refusal(api.get('/test/user', { timeout: 400 })) as AxiosRefusal).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 400ms exceeded' })
    expect(Number((process.hrtime.bigint() - began) / 1_000_000n)).toBeGreaterThanOrEqual(390)
    expect(sent()).toHaveLength(2)
  })

  test('response.config and error.config are the app’s own, and can be sent again', async () => {
    const api = expired()
    const { config } = await api.get('/test/user', { timeout: 5000 })
    expect(config.timeout).toBe(5000)
    expect(JSON.stringify(config.headers)).not.toContain('token-')
    const { resource } = server
    server.resource = () => json(404, {})
    const { config: again } = await refusal(api.get('/test/user')) as AxiosRefusal
    server.resource = resource
    server.expire()
    vi.advanceTimersByTime(40_000)
    expect((await api(again as object)).status).toBe(200)
  })

  test('a cancel token ends the waiting, with its message', async () => {
    const api = expired()
    server.refresh = () => new Promise(() => {})
    const source = axios.CancelToken.source()
    const asked = refusal(api.get('/test/user', { cancelToken: source.token }))
    await until(() => server.refreshes === 1)
    source.cancel('no longer')
    const error = await asked
    expect(axios.isCancel(error)).toBe(true)
    expect(error.message).toBe('no longer')
  })

  // axios 0.21 knows none.
  if (version !== '0.21.1') test('a signal ends the waiting', async () => {
    const api = expired()
    server.refresh = () => new Promise(() => {})
    const patience = new AbortController()
    const asked = refusal(api.get('/test/user', { signal: patience.signal }))
    await until(() => server.refreshes === 1)
    patience.abort()
    expect(axios.isCancel(await asked)).toBe(true)
  })

  test('who cancels does not stop the refresh for the others', async () => {
    const api = expired()
    let go = (): void => {}
    const { refresh } = server
    server.refresh = async (call) => { await new Promise<void>((resolve) => { go = resolve }); return refresh(call) }
    const source = axios.CancelToken.source()
    const [one, other] = [refusal(api.get('/test/user', { cancelToken: source.token })), api.get('/test/user')]
    await until(() => server.refreshes === 1)
    source.cancel()
    await one
    go()
    expect((await other).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('{stay: false}: as plain axios', async () => {
    expect(await refusal(expired().get('/test/user', { stay: false } as object)) as AxiosRefusal).toMatchObject({ response: { status: 401 } })
    expect(sent().map(({ token }) => token)).toEqual([''])
    expect(server.refreshes).toBe(0)
  })

  test('an Authorization header of the app’s own wins', async () => {
    expect(await refusal(expired().get('/test/user', { headers: { authorization: 'Bearer mine' } })) as AxiosRefusal).toMatchObject({ response: { status: 401 } })
    expect(sent().map(({ token }) => token)).toEqual(['mine'])
    expect(server.refreshes).toBe(0)
  })

  test('Content-Type and Accept are what axios would have sent', async () => {
    const plain = axios.create({ baseURL: `${base}/api`, proxy: false })
    const wanted = ['accept', 'content-type', 'content-length', 'x-own']
    const send = async (api: typeof plain, path: string) => {
      await refusal(api.post(path, { a: 1 }, { headers: { 'X-Own': 'yes' } })).catch(() => {})
      return sent(`/api${path}`).map(({ headers }) => wanted.map((name) => headers.get(name)))
    }
    const [own] = await send(plain, '/plain')
    for (const got of await send(expired(), '/test/user')) expect(got).toEqual(own)
  })

  test('another origin sees no token', async () => {
    const other = new Server()
    const elsewhere = await listen(other)
    other.resource = (call) => json(call.token === '' ? 200 : 500, {})
    expect((await fresh().get(`${elsewhere}/x`)).status).toBe(200)
  })

  test('a redirect to another origin carries no token', async () => {
    const other = new Server()
    const elsewhere = (await listen(other)).replace('127.0.0.1', 'localhost')
    other.resource = () => json(200, {})
    server.resource = () => new Response(null, { status: 302, headers: { Location: `${elsewhere}/there` } })
    await fresh().get('/test/user').catch(() => {})
    for (const { token } of other.calls) expect(token).toBe('')
  })

  test('a stream is sent once; a 401 to it is delivered', async () => {
    const error = await refusal(expired().post('/test/user', Readable.from(['tea']))) as AxiosRefusal
    expect(error).toMatchObject({ response: { status: 401 } })
    expect(sent().map(({ body }) => body)).toEqual(['tea'])
  })

  test('params and a serializer of the app’s are kept on both sends', async () => {
    await expired().get('/test/user', { params: { a: [1, 2], b: 'x y' } })
    const [first, second] = sent()
    expect(first.url).toContain('a')
    expect(second.url).toBe(first.url)
  })

  test('axios.defaults.adapter: the module itself', async () => {
    const before = axios.defaults.adapter
    try {
      axios.defaults.adapter = stay.adapter(axios)
      expect((await axios.get(`${base}/api/test/user`, { proxy: false })).status).toBe(200)
      expect(stay.adapter(axios)).toBeTypeOf('function')
      expect((await axios.create({ proxy: false }).get(`${base}/api/test/user`)).status).toBe(200)
    } finally {
      axios.defaults.adapter = before
    }
  })

  test('no network: axios’s own error, and the session is kept', async () => {
    const api = fresh()
    const error = await refusal(api.get('http://127.0.0.1:1/x')) as AxiosRefusal
    expect(error).toMatchObject({ isAxiosError: true, code: 'ECONNREFUSED' })
    expect(stay.signedIn).toBe(true)
  })

  test('tokens that do not tell their life: used until refused', async () => {
    server.signIn = () => {
      server.current = 'opaque'
      return json(201, { access_token: 'opaque', token_type: 'Bearer', expires_in: null, session: { id: 'c2Vzc2lvbi1pZC1vZi1pdA', label: null }, user: server.user })
    }
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    const api = fresh()
    expect((await api.get('/test/user')).status).toBe(200)
    vi.advanceTimersByTime(3600_000)
    server.expire()
    expect((await api.get('/test/user')).status).toBe(200)
    expect(stay.signedIn).toBe(true)
  })
})

describe('axios 1.21.1 only', () => {
  test('an instance alone cannot name its adapters: told in words', async () => {
    const stay = createStay({ baseURL: 'http://x.test', storage: 'memory' })
    expect(() => stay.adapter(new1.create())).toThrow('stay.adapter(axios, instance)')
    stay.close()
  })

  test.each([[['xhr', 'fetch']], [['fetch']], ['fetch'], [['http']]])('adapter %j', async (adapter) => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const server = new Server()
    const base = await listen(server)
    const stay = createStay({ baseURL: base, mode: 'storage', storage: 'memory' })
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    vi.advanceTimersByTime(40_000)
    server.expire()
    const api = new1.create({ baseURL: `${base}/api`, proxy: false, adapter: adapter as never })
    api.defaults.adapter = stay.adapter(new1, api)
    expect((await api.post('/test/user', { a: 1 })).status).toBe(200)
    expect(server.calls.filter(({ path }) => path === '/api/test/user').map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}'])
    stay.close()
  })

  test('a form with a file, with progress told, on both sends', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const server = new Server()
    const base = await listen(server)
    const stay = createStay({ baseURL: base, mode: 'storage', storage: 'memory' })
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    vi.advanceTimersByTime(40_000)
    server.expire()
    const api = new1.create({ baseURL: `${base}/api`, proxy: false })
    api.defaults.adapter = stay.adapter(new1)
    const form = new FormData()
    form.append('file', new Blob(['tea'.repeat(10_000)]), 'tea.txt')
    let loaded = 0
    vi.useRealTimers()
    expect((await api.post('/test/user', form, { onUploadProgress: (event) => { loaded = Math.max(loaded, event.loaded) } })).status).toBe(200)
    const bodies = server.calls.filter(({ path }) => path === '/api/test/user').map(({ body }) => body)
    expect(bodies).toHaveLength(2)
    for (const body of bodies) expect(body).toContain('tea'.repeat(10_000))
    expect(loaded).toBeGreaterThan(30_000)
    stay.close()
  })
})
