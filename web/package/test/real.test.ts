// Against a real stayd: every dialect it serves, lost replies, many at once.
import { readFileSync } from 'node:fs'
import { IDBFactory } from 'fake-indexeddb'
import axios from 'axios'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Dialect, Stay, StayOptions } from '../src/index'
import { createStay } from '../src/index'
import { quiet, refusal } from './kit'
import type { Stayd } from './stayd'
import { missing, startStayd } from './stayd'
import { Memory } from './storage'

/** The file as an author of dialects writes it. */
function source(name: string): Dialect & { prefix?: string, messages: { sign_in: { request: { path: string } } } } {
  return JSON.parse(readFileSync(new URL(`../../../dialects/${name}.json`, import.meta.url), 'utf8'))
}

let stayd: Stayd
const open: Stay[] = []

beforeAll(async () => { if (!missing) stayd = await startStayd() })
afterAll(async () => { await stayd?.stop() })
afterEach(() => {
  for (const stay of open.splice(0)) stay.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function stayAt(name: string, more: Partial<StayOptions> = {}): Promise<Stay> {
  const { prefix = '' } = source(name)
  const dialect = name === 'stay' ? 'stay' : (await import(`../../../build/web/core/dialects/${name}.js`) as { default: Dialect }).default
  const stay = createStay({ baseURL: `${stayd.url}/d/${name}${prefix}`, dialect, mode: 'storage', storage: new Memory(), ...more })
  open.push(stay)
  return stay
}

async function ada(name: string, more: Partial<StayOptions> = {}): Promise<Stay> {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  const stay = await stayAt(name, more)
  await stay.signIn({ username: 'ada', password: 'lovelace' })
  return stay
}

/** All tokens so far are dead, and old enough for that to be news. */
async function expire(): Promise<void> {
  vi.advanceTimersByTime(40_000)
  await stayd.demo('expire')
}

const served = ['stay', 'express', 'spring', 'django', 'nest', 'nest-camel', 'sofunction', 'symfony', 'oauth2']

describe.skipIf(missing).each(served)('dialect %s', (name) => {
  test('sign-in, the user, a board, expiry, replay, sign-out', async () => {
    const stay = await ada(name)
    // djoser's user has no roles.
    expect(stay.user).toMatchObject({ username: 'ada', roles: name === 'django' ? [] : ['user'] })
    const board = `${stay.baseURL}/test/user`
    expect((await stay.fetch(board)).status).toBe(200)
    await expire()
    const before = await stayd.count('stay_refreshes_total', `"${name}"`)
    const answers = await Promise.all(Array.from({ length: 10 }, () => stay.fetch(board)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await stayd.count('stay_refreshes_total', `"${name}"`) - before).toBe(1)
    expect((await stay.fetch(`${stay.baseURL}/test/admin`)).status).toBe(403)
    expect(stay.signedIn).toBe(true)
    await stay.signOut()
    expect((await refusal(stay.fetch(board))).code).toBe('STAY_SIGN_IN')
  })

  test('through axios, with todos of its own', async () => {
    const stay = await ada(name)
    const api = axios.create({ baseURL: stay.baseURL, proxy: false })
    api.defaults.adapter = stay.adapter(axios)
    await expire()
    const title = `tea ${name} ${Math.random()}`
    expect((await api.post('/todos', { title })).status).toBe(201)
    expect(JSON.stringify((await api.get('/todos')).data)).toContain(title)
  })

  test('a wrong password is refused, and refreshes nothing', async () => {
    const stay = await stayAt(name)
    expect(await refusal(stay.signIn({ username: 'ada', password: 'wrong' }))).toMatchObject({ code: 'STAY_REFUSED' })
    expect(stay.signedIn).toBe(false)
  })

  test('a session outlives the page', async () => {
    const storage = new Memory()
    const first = await ada(name, { storage })
    first.close()
    const stay = await stayAt(name, { storage })
    expect(await stay.ready()).toMatchObject({ signedIn: true, user: { username: 'ada' } })
    await stay.refresh()
    expect((await stay.fetch(`${stay.baseURL}/test/user`)).status).toBe(200)
  })
})

describe.skipIf(missing)('the dialect is another than the server’s', () => {
  test.each([['stay', 'express'], ['django', 'nest'], ['express', 'symfony']])('%s asked of %s: it is named', async (mine, theirs) => {
    // Where the paths differ as well, nothing answers; where they do, it can be told.
    const words = source(theirs)
    const { prefix = '' } = words
    const dialect = source(mine)
    dialect.messages.sign_in.request.path = words.messages.sign_in.request.path
    const stay = createStay({ baseURL: `${stayd.url}/d/${theirs}${prefix}`, dialect, mode: 'storage', storage: new Memory() })
    open.push(stay)
    const error = await refusal(stay.signIn({ username: 'ada', password: 'lovelace' }))
    expect(error.code).toBe('STAY_WRONG_DIALECT')
    expect(error.message).toContain(theirs)
  })
})

describe.skipIf(missing)('committed rotation', () => {
  test.each([1, 2, 3])('%s replies to refreshes get lost: the session lives', async (drop_replies) => {
    const stay = await ada('stay', { limitSeconds: 2 })
    await expire()
    await stayd.demo('faults', { drop_replies })
    let status = 0
    for (let i = 0; i < 6 && status !== 200; i++) {
      status = await stay.fetch(`${stay.baseURL}/test/user`).then((answer) => answer.status, () => 0)
      vi.advanceTimersByTime(20_000)
    }
    expect(status).toBe(200)
    expect(stay.signedIn).toBe(true)
  })

  test('503 for a while: try later, and then it goes on', async () => {
    const stay = await ada('stay')
    await expire()
    await stayd.demo('faults', { status: 503, seconds: 2 })
    expect(await refusal(stay.fetch(`${stay.baseURL}/test/user`))).toMatchObject({ code: 'STAY_TRY_LATER' })
    expect(stay.signedIn).toBe(true)
    await stayd.demo('faults', {})
    vi.advanceTimersByTime(3600_000)
    expect((await stay.fetch(`${stay.baseURL}/test/user`)).status).toBe(200)
  })

  test('three tabs without Web Locks, ten requests each at expiry: all answered, nobody signed out', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory())
    const first = await ada('stay', { storage: 'shared' })
    const tabs = [first, await stayAt('stay', { storage: 'shared' }), await stayAt('stay', { storage: 'shared' })]
    await Promise.all(tabs.map((tab) => tab.ready()))
    await expire()
    const answers = await Promise.all(tabs.flatMap((tab) => Array.from({ length: 10 }, () => tab.fetch(`${tab.baseURL}/test/user`))))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(tabs.every(({ signedIn }) => signedIn)).toBe(true)
  })

  test('ended from another device: this one is told why', async () => {
    const [one, other] = [await ada('stay'), await ada('stay', { storage: new Memory() })]
    await other.signOut({ everywhere: true })
    expect(await refusal(one.refresh())).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'revoked' })
    await quiet()
    expect(one.state).toBe('ended')
  })

  test('everywhere, in a dialect without a list of sessions: told in words, and still signed in', async () => {
    const stay = await ada('express')
    expect(await refusal(stay.signOut({ everywhere: true }))).toMatchObject({ code: 'STAY_BAD_CONFIG', reason: 'config' })
    expect(stay.signedIn).toBe(true)
  })

  test('a copy of the storage, used elsewhere after the owner moved on: found out, and ended', async () => {
    const storage = new Memory()
    const owner = await ada('stay', { storage })
    const stolen = new Memory()
    for (const [key, value] of storage.all) stolen.all.set(key, value)
    for (let i = 0; i < 2; i++) await owner.refresh()
    const thief = await stayAt('stay', { storage: stolen })
    await thief.refresh().catch(() => {})
    const after = await refusal(owner.refresh()).catch(() => undefined)
    const lost = await refusal(thief.refresh()).catch(() => undefined)
    expect([after?.reason, lost?.reason]).toContain('reuse')
  })
})
