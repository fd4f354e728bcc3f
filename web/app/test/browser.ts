// What the rows in a browser share: people of the demonstration, signing in, and
// an ear for complaints.
import { expect, test as plain } from '@playwright/test'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { Stayd } from './stayd'

/** Rows, each worker's with a stayd of its own: what its switches do is for all. */
export const test = plain.extend<object, { stayd: Stayd }>({
  stayd: [async ({}, use) => {
    const stayd = await Stayd.start()
    await use(stayd)
    await stayd.stop()
  }, { scope: 'worker' }],
  baseURL: ({ stayd }, use) => use(stayd.url)
})

export { expect }

export const people = { ada: 'lovelace', max: 'quantum-1900', root: 'toor-toor' }
export type Name = keyof typeof people

/** On the page where one signs in, wherever that leads. */
export async function fillSignIn(page: Page, name: Name): Promise<void> {
  await page.getByLabel('User name or e-mail address').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(people[name])
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export async function signIn(page: Page, name: Name): Promise<void> {
  await page.goto('/sign-in')
  await fillSignIn(page, name)
  await page.waitForURL((url) => url.pathname === '/')
}

function someName(): string {
  return `row-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`
}

/** A new account, signed in: what rows do to it concerns nobody else. */
export async function register(page: Page, app = '', name = someName()): Promise<string> {
  await page.goto(`${app}/register`)
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('E-mail address').fill(`${someName()}@example.org`)
  await page.getByLabel('Password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Register' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  return name
}

export const passwordOfRows = 'a tram full of quiet otters'

/**
 * Complaints of every page of a context: errors, breaches of the policy, requests
 * to elsewhere. A 4xx that a row provokes is told on the console, too: no complaint.
 */
export async function listen(context: BrowserContext, origin: string): Promise<string[]> {
  const complaints: string[] = []
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))
  })
  context.on('weberror', (error) => complaints.push(error.error().message))
  context.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) complaints.push(message.text())
  })
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`left the origin: ${request.url()}`)
  })
  return complaints
}

/** Presses one of the Timeline's switches and waits until it works. */
export async function press(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  await expect(page.locator('[data-test=pressed]')).not.toBeEmpty()
}

export async function fire(page: Page, count: string): Promise<void> {
  await page.getByRole('button', { name: `Send ${count} request` }).first().click()
}

export async function total(page: Page, what: string): Promise<number> {
  return Number(await page.locator(`.legend [data-test=${what}] b`).textContent())
}

export function fired(page: Page) {
  return page.locator('[data-test=fired]')
}

export function verdict(page: Page) {
  return page.locator('[data-test=verdict]')
}

export async function openTimeline(page: Page): Promise<void> {
  await page.goto('/timeline')
  await page.locator('.timeline .axis text').first().waitFor()
}

/** A page that was opened anew has renewed the session, and counts from here on. */
export async function clear(page: Page): Promise<void> {
  await expect(page.locator('.legend [data-test=renewed] b')).toHaveText('1')
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(page.locator('.legend [data-test=renewed] b')).toHaveText('0')
}

/** Layout shifts of the page since it was opened; the browser counts from its first paint. */
export function shifts(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { shifted: number }).shifted)
}

export async function countShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = window as unknown as { shifted: number }
    state.shifted = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) state.shifted += (entry as unknown as { value: number }).value
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** Signs in somebody a second time, elsewhere, and ends the other sessions there. */
export async function endFromElsewhere(browser: Browser, baseURL: string, name: string): Promise<void> {
  const elsewhere = await browser.newContext({ baseURL })
  const page = await elsewhere.newPage()
  await page.goto('/sign-in?next=/sessions')
  await page.getByLabel('User name or e-mail address').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'End all others' }).click()
  await page.getByRole('button', { name: 'End them' }).click()
  await page.getByText('1 session is signed out.').waitFor()
  await elsewhere.close()
}

export function board(page: Page) {
  return page.locator('[data-test=content]')
}

export async function openBoard(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Boards' }).getByRole('link', { name }).click()
}
