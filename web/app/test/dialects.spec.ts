// Back ends that hand the refresh token to script, as stayd serves them all, and
// the app from a port of its own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { board, expect, fire, fired, openBoard, press, register, test, verdict } from './browser'

const served = ['stay', 'express', 'spring', 'django', 'nest', 'nest-camel', 'sofunction', 'symfony', 'oauth2']

/** What the page imports; the types are those of the package. */
type Package = typeof import('@stay/web')

interface Asked {
  base: string
  dialect: unknown
}

/** Signs in, then asks ten times at once, when all tokens are answered as expired. */
async function enter({ base, dialect }: Asked): Promise<string[]> {
  const { createStay } = await import(`${location.origin}/stay.js`) as Package
  const stay = createStay({ baseURL: base, dialect: dialect as never, mode: 'storage' })
  await stay.signIn({ username: 'ada', password: 'lovelace' })
  const first = await stay.fetch(`${base}/test/user`)
  ;(window as unknown as { stay: unknown }).stay = stay
  return [stay.user?.username ?? '', String(first.status)]
}

async function askTen({ base }: { base: string }): Promise<number[]> {
  const { stay } = window as unknown as { stay: ReturnType<Package['createStay']> }
  const answers = await Promise.all(Array.from({ length: 10 }, () => stay.fetch(`${base}/test/user`)))
  return answers.map(({ status }) => status)
}

/** In a page that was opened anew. */
async function comeBack({ base, dialect }: Asked): Promise<string[]> {
  const { createStay } = await import(`${location.origin}/stay.js`) as Package
  const stay = createStay({ baseURL: base, dialect: dialect as never, mode: 'storage' })
  const { signedIn } = await stay.ready()
  const { status } = await stay.fetch(`${base}/test/user`)
  await stay.refresh()
  await stay.signOut()
  const after = await stay.fetch(`${base}/test/user`).then(() => 'answered', (error: { code: string }) => error.code)
  return [String(signedIn), String(status), after]
}

for (const name of served) {
  test(`mode storage, dialect ${name}: expiry, one refresh, a reload, sign-out`, async ({ page, stayd }) => {
    const dialect = JSON.parse(readFileSync(new URL(`../../../dialects/${name}.json`, import.meta.url), 'utf8')) as { prefix?: string }
    const asked = { base: `${stayd.url}/d/${name}${dialect.prefix ?? ''}`, dialect }
    await page.goto('/')
    await page.locator('h1').waitFor()
    expect(await page.evaluate(enter, asked)).toEqual(['ada', '200'])
    const before = await stayd.refreshes(name)
    await stayd.demo('expire')
    expect(await page.evaluate(askTen, asked)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await stayd.refreshes(name) - before).toBe(1)
    await page.reload()
    await page.locator('h1').waitFor()
    expect(await page.evaluate(comeBack, asked)).toEqual(['true', '200', 'STAY_SIGN_IN'])
  })
}

test('the app from a Vite dev server on another port: signed in, expired, reloaded, disabled', { tag: '@long' }, async ({ page, stayd }) => {
  const cache = mkdtempSync(join(tmpdir(), 'stay-vite-'))
  process.env.VITE_STAY_URL = stayd.url
  const vite = await createServer({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    cacheDir: cache,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
    // Found later, they would have the page loaded anew.
    optimizeDeps: { include: ['vue', 'vue-router', 'pinia', 'axios'] }
  })
  try {
    await vite.listen()
    const app = vite.resolvedUrls!.local[0].replace(/\/$/, '')
    expect(app).not.toBe(stayd.url)
    await register(page, app)
    await page.goto(`${app}/boards/user`)
    await expect(board(page)).toHaveText('User content.')
    await stayd.demo('expire')
    await openBoard(page, 'Public')
    await openBoard(page, 'User')
    await expect(board(page)).toHaveText('User content.')
    await page.reload()
    await expect(board(page)).toHaveText('User content.')
    await page.goto(`${app}/timeline`)
    await press(page, 'Expire the token now')
    await fire(page, '10')
    await expect(fired(page)).toContainText('10 requests: all answered 2xx')
    await page.getByRole('button', { name: 'Disable my account' }).click()
    await expect(verdict(page)).toHaveText('You were signed out. This account is disabled.')
  } finally {
    delete process.env.VITE_STAY_URL
    await vite.close()
    rmSync(cache, { recursive: true, force: true })
  }
})
