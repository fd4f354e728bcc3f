// Cookie mode against script that somebody got into the page: it acts as the
// person while the page is open, and carries nothing off that refreshes elsewhere.
import type { Browser, Page } from '@playwright/test'
import { board, expect, fillSignIn, listen, register, signIn, test } from './browser'
import type { Stayd } from './stayd'

interface Loot {
  /** Cookies, storages, databases, as far as this script can read them. */
  found: string
  /** What the server answered to refreshes that this script asked for: status, headers, body. */
  answered: string[]
  /** The bodies it sent: worth trying elsewhere. */
  sent: string[]
}

/** Runs in the page, and as text in a frame, a worker and a window of its own. */
async function plunder(base: string): Promise<Loot> {
  const all = globalThis as unknown as Partial<Window>
  const found: unknown[] = []
  const look = (what: () => unknown): void => { try { found.push(what()) } catch (error) { found.push(String(error)) } }
  look(() => all.document?.cookie)
  look(() => ({ ...all.localStorage }))
  look(() => ({ ...all.sessionStorage }))
  const done = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  for (const { name } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name!))
    for (const store of db.objectStoreNames) {
      const rows = db.transaction(store).objectStore(store)
      found.push([name, store, await done(rows.getAllKeys()), await done(rows.getAll())])
    }
    db.close()
  }
  const text = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  // A chain of its own: it knows the next secret, the server knows its hash.
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const next = text(await crypto.subtle.digest('SHA-256', secret))
  found.push(text(secret.buffer))
  const sent: string[] = []
  const answered: string[] = []
  const ask = async (body: object): Promise<string> => {
    sent.push(JSON.stringify(body))
    const answer = await fetch(`${base}/api/session/refresh`, {
      method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json', 'Stay-Mode': 'cookie' }, body: JSON.stringify(body)
    })
    const said = await answer.text()
    answered.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${said}`)
    return said
  }
  // What a browser does that lost its storage: the cookie's session goes on from
  // secrets that this script knows. The owner's tab finds that out, and it ends.
  const { sid, from, generation } = JSON.parse(await ask({ generation: null })) as { sid: string, from: string, generation: number }
  const to = generation + 1000
  await ask({ sid, generation: null, from, to, next })
  sent.push(JSON.stringify({ sid, generation: to, secret: text(secret.buffer), next: from }))
  return { found: JSON.stringify(found), answered, sent }
}

/** Where script of the page's origin can run. */
const places: Record<string, (page: Page, base: string) => Promise<Loot>> = {
  'the page itself': (page, base) => page.evaluate(plunder, base),

  async 'an about:blank frame'(page, base) {
    await page.evaluate(() => document.body.append(document.createElement('iframe')))
    await expect.poll(() => page.frames().length).toBe(2)
    return page.frames()[1].evaluate(plunder, base)
  },

  async 'a worker'(page, base) {
    // From a file of the page's own origin, should somebody have put one there.
    await page.route('**/probe.js', (route) => route.fulfill({
      contentType: 'text/javascript',
      body: `(${plunder})(${JSON.stringify(base)}).then((loot) => postMessage(loot), (error) => postMessage({ found: String(error), answered: [], sent: [] }))`
    }))
    return page.evaluate(() => new Promise<Loot>((resolve, reject) => {
      const worker = new Worker('/probe.js')
      worker.onmessage = ({ data }) => resolve(data as Loot)
      worker.onerror = (event) => reject(new Error(event.message))
    }))
  },

  async 'a window that it opens'(page, base) {
    const [opened] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(() => { window.open('about:blank') })])
    return opened.evaluate(plunder, base)
  }
}

/** A second browser, with all that was found in the first one's storage. */
async function openElsewhere(browser: Browser, stayd: Stayd, state: Awaited<ReturnType<typeof stateOf>>) {
  const context = await browser.newContext({ baseURL: stayd.url, storageState: { ...state, cookies: [] } })
  return { context, page: await context.newPage() }
}

function stateOf(page: Page) {
  return page.context().storageState({ indexedDB: true })
}

for (const [place, rob] of Object.entries(places)) {
  test(`script in ${place}: what it carries off refreshes nothing elsewhere`, async ({ page, browser, stayd }) => {
    const bodies: string[] = []
    page.context().on('request', (request) => {
      if (new URL(request.url()).pathname === '/api/session/refresh') bodies.push(request.postData() ?? '')
    })
    await register(page)
    await page.reload()
    await page.locator('h1').waitFor()
    const { value: cookie, httpOnly } = (await page.context().cookies())[0]
    expect(httpOnly).toBe(true)
    const loot = await rob(page, stayd.url)
    const state = await stateOf(page)
    // It read the storage, and it could ask for a refresh: a probe that does nothing proves nothing.
    expect(loot.found).toContain('sessions')
    expect(loot.answered.length).toBe(2)
    expect(bodies.length).toBeGreaterThan(0)
    expect(JSON.stringify([loot, bodies, state.origins])).not.toContain(cookie)
    const { context, page: elsewhere } = await openElsewhere(browser, stayd, state)
    await elsewhere.goto('/')
    await elsewhere.locator('h1').waitFor()
    const statuses = await elsewhere.evaluate(async (tries) => {
      const list: number[] = []
      for (const body of tries) {
        for (const mode of [{ 'Stay-Mode': 'cookie' }, {}]) {
          const answer = await fetch('/api/session/refresh', {
            method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json', ...mode } as Record<string, string>, body
          })
          list.push(answer.status)
        }
      }
      return list
    }, [...bodies, ...loot.sent])
    expect(statuses.filter((status) => status < 400)).toEqual([])
    await elsewhere.goto('/todos')
    await expect(elsewhere).toHaveURL('/sign-in?next=/todos&reason=unknown')
    await context.close()
  })
}

test('neither a worker of a blob nor a script of text runs in the page', async ({ page }) => {
  await page.goto('/')
  await page.locator('h1').waitFor()
  const ran = await page.evaluate(async () => {
    const broken = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
    })
    const script = document.createElement('script')
    script.textContent = 'window.ran = true'
    document.body.append(script)
    const directive = await broken
    const worker = await new Promise<string>((resolve) => {
      try {
        const one = new Worker(URL.createObjectURL(new Blob(['postMessage("ran")'])))
        one.onmessage = () => resolve('ran')
        one.onerror = () => resolve('refused')
      } catch {
        resolve('refused')
      }
    })
    return { directive, worker, script: (window as unknown as { ran?: boolean }).ran ?? false }
  })
  expect(ran).toEqual({ directive: 'script-src-elem', worker: 'refused', script: false })
})

test('under a policy without WebAssembly the core is plain JavaScript, and all goes as ever', async ({ page, context, stayd }) => {
  const complaints = await listen(context, stayd.url)
  const compiled: string[] = []
  await context.route((url) => !url.pathname.startsWith('/api/') && !url.pathname.startsWith('/assets/'), async (route) => {
    const response = await route.fetch()
    const headers = response.headers()
    const policy = headers['content-security-policy']
    if (policy !== undefined) headers['content-security-policy'] = policy.replace(" 'wasm-unsafe-eval'", '')
    await route.fulfill({ response, headers })
  })
  page.on('request', (request) => { if (/\/interpret-[^/]*\.js$/.test(request.url())) compiled.push(request.url()) })
  await page.goto('/sign-in?next=/boards/user')
  await fillSignIn(page, 'ada')
  await expect(board(page)).toHaveText('User content.')
  await stayd.demo('expire')
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expect(page.getByRole('button', { name: 'Ask again' })).toBeEnabled()
  await expect(page.locator('main').getByRole('alert')).toBeEmpty()
  await page.reload()
  await expect(board(page)).toHaveText('User content.')
  expect(compiled.length).toBeGreaterThan(0)
  expect(complaints.filter((text) => !text.includes('wasm'))).toEqual([])
})

test('with WebAssembly allowed the plain JavaScript is not even fetched', async ({ page }) => {
  const fetched: string[] = []
  page.on('request', (request) => fetched.push(request.url()))
  await signIn(page, 'ada')
  expect(fetched.filter((url) => /\/interpret-[^/]*\.js$/.test(url))).toEqual([])
})

/** Of this browser all that pages keep, but not its cookies: as after Safari's seven days. */
async function forgetStorage(page: Page): Promise<void> {
  await page.goto('/livez')
  await page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name!)
        request.onsuccess = resolve
        request.onerror = request.onblocked = reject
      })
    }
  })
}

test('the browser lost its storage and kept the cookie: still signed in', async ({ page }) => {
  const name = await register(page)
  await forgetStorage(page)
  await page.goto('/profile')
  await expect(page.locator('.facts')).toContainText(name)
  await page.reload()
  await expect(page.locator('.facts')).toContainText(name)
})

test('who signed out stays so, though the storage is lost', async ({ page }) => {
  await register(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('link', { name: 'Register' }).first()).toBeVisible()
  await forgetStorage(page)
  await page.goto('/profile')
  await expect(page).toHaveURL(/\/sign-in\?next=\/profile/)
})
