// Every page, narrow and wide, light and dark: nothing for axe to find, nothing
// beside the window, no complaint on the console. What was seen goes to
// build/screens.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from '@playwright/test'
import type { Name } from './browser'
import { expect, listen, signIn, test } from './browser'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screens = new URL('../../../build/screens/', import.meta.url).pathname
const widths = [390, 1280]
const schemes = ['light', 'dark'] as const

interface Seen {
  name: string
  path: string
  /** Until the page shows what it is for. */
  ready: string
  before?: (page: Page) => Promise<void>
}

async function failTheSignIn(page: Page): Promise<void> {
  await page.getByLabel('User name or e-mail address').fill('ada')
  await page.getByLabel('Password', { exact: true }).fill('not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('wrong').waitFor()
}

async function failTheForm(page: Page): Promise<void> {
  await page.getByLabel('User name').fill('ada')
  await page.getByLabel('E-mail address').fill('nowhere')
  await page.getByLabel('Password', { exact: true }).fill('password1')
  await page.getByRole('button', { name: 'Register' }).click()
  await page.getByText('too easy to guess').waitFor()
}

async function addTodos(page: Page): Promise<void> {
  for (const title of ['Water the plants', 'A title that is long enough to need a second line on a telephone, and then a few words more']) {
    if (await page.getByRole('listitem').filter({ hasText: title }).count() > 0) continue
    await page.getByLabel('What is to be done?').fill(title)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('listitem').filter({ hasText: title }).waitFor()
  }
  await page.getByRole('checkbox').first().check()
}

async function makeTraffic(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Expire the token now' }).click()
  await page.locator('[data-test=pressed]').filter({ hasText: 'expired' }).waitFor()
  await page.getByRole('button', { name: 'Send 100 requests' }).click()
  await page.locator('[data-test=fired]').filter({ hasText: 'all answered 2xx' }).waitFor()
  await page.getByRole('button', { name: 'Freeze' }).click()
  await page.getByText('The last requests in words').click()
}

const strangers: Seen[] = [
  { name: 'home', path: '/', ready: 'h1:has-text("Stay signed in")' },
  { name: 'sign-in', path: '/sign-in?next=/todos', ready: '.form-wrong:not(:empty)', before: failTheSignIn },
  { name: 'register', path: '/register', ready: '.rules', before: failTheForm },
  { name: 'board-public', path: '/boards/public', ready: '[data-test=content]:not(:empty)' },
  { name: 'timeline-signed-out', path: '/timeline', ready: '.timeline .axis text' },
  { name: 'lost', path: '/no/such/page', ready: 'h1' }
]

const adas: Seen[] = [
  { name: 'home-ada', path: '/', ready: 'h1:has-text("Hello")' },
  { name: 'profile', path: '/profile', ready: '.claims td' },
  { name: 'board-user', path: '/boards/user', ready: '[data-test=content]:not(:empty)' },
  { name: 'forbidden', path: '/boards/moderator', ready: 'text=You are still signed in' },
  { name: 'sessions', path: '/sessions', ready: '.rows .tag' }
]

const busy: Seen[] = [
  { name: 'todos', path: '/todos', ready: '.todos li', before: addTodos },
  { name: 'timeline', path: '/timeline', ready: '.trips li', before: makeTraffic }
]

const roots: Seen[] = [
  { name: 'board-moderator', path: '/boards/moderator', ready: '[data-test=content]:not(:empty)' },
  { name: 'board-admin', path: '/boards/admin', ready: '[data-test=content]:not(:empty)' },
  { name: 'admin', path: '/admin', ready: '.person' }
]

interface AxeResult {
  violations: { id: string, help: string, nodes: { html: string, failureSummary: string }[] }[]
}

/** The rules of axe whose verdict changes with the colours. */
const ofColours = ['color-contrast', 'link-in-text-block']

async function findFaults(page: Page, rules?: string[]): Promise<string[]> {
  // Over the debugger: the page's policy admits no script of ours.
  if (await page.evaluate('typeof axe') === 'undefined') await page.evaluate(axe)
  const options = { resultTypes: ['violations'], ...rules && { runOnly: rules } }
  const result = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`) as AxeResult
  return result.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`)
}

async function look(page: Page, seen: Seen): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme })
    for (const width of widths) {
      await page.setViewportSize({ width, height: 844 })
      // The picture follows the window with the next frame.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      await page.evaluate(() => scrollTo(0, 0))
      await page.screenshot({ path: `${screens}${seen.name}-${width}-${scheme}.png`, fullPage: true })
      // Every rule once at each width; in the other scheme those of colours.
      const rules = (scheme === 'light') === (width === widths[0]) ? undefined : ofColours
      expect.soft(await findFaults(page, rules), `${seen.name}, ${width} px, ${scheme}`).toEqual([])
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect.soft(beside, `${seen.name}, ${width} px: pixels beside the window`).toBe(0)
    }
  }
}

async function lookAtAll(browser: Browser, list: Seen[], baseURL: string, who?: Name): Promise<void> {
  const context = await browser.newContext({ baseURL })
  const complaints = await listen(context, baseURL)
  const page = await context.newPage()
  if (who !== undefined) await signIn(page, who)
  for (const seen of list) {
    await page.setViewportSize({ width: 1280, height: 844 })
    await page.goto(seen.path)
    await page.locator('h1').waitFor()
    await seen.before?.(page)
    await page.locator(seen.ready).first().waitFor()
    await look(page, seen)
  }
  expect(complaints).toEqual([])
  await context.close()
}

test('pages of who is not signed in', { tag: '@long' }, ({ browser, baseURL }) => lookAtAll(browser, strangers, baseURL!))
test('pages of a user', { tag: '@long' }, ({ browser, baseURL }) => lookAtAll(browser, adas, baseURL!, 'ada'))
test('the page of todos, and of the timeline at work', { tag: '@long' }, ({ browser, baseURL }) => lookAtAll(browser, busy, baseURL!, 'ada'))
test('pages of an administrator', { tag: '@long' }, ({ browser, baseURL }) => lookAtAll(browser, roots, baseURL!, 'root'))
