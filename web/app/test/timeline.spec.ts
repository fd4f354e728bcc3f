// The Timeline against a real server: what it shows is what happened.
import type { Page } from '@playwright/test'
import { clear, endFromElsewhere, expect, fire, fired, listen, openTimeline, press, register, signIn, test, total, verdict } from './browser'

/** What `make bench` wants of it on two cores. */
const framesMin = 30

test.beforeEach(async ({ page }, { tags }) => {
  if (tags.includes('@stranger')) return
  await register(page)
  await openTimeline(page)
  await clear(page)
})

test('a burst of 1,000 requests is 1,000 lines, drawn at 30 frames a second or better', { tag: '@long' }, async ({ page }) => {
  await page.evaluate(() => {
    const state = window as unknown as { frames: number[] }
    state.frames = []
    const count = (at: number): void => { state.frames.push(at); requestAnimationFrame(count) }
    requestAnimationFrame(count)
  })
  await page.getByText('60 s', { exact: true }).click()
  await fire(page, '1,000')
  await expect(fired(page)).toContainText('1,000 requests: all answered 2xx', { timeout: 30_000 })
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames)
  const rate = (frames.length - 1) * 1000 / (frames[frames.length - 1] - frames[0])
  await expect(page.locator('.timeline')).toHaveAttribute('data-marks', '1000')
  const lines = await page.locator('.timeline path.flight').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')!.split('M').length - 1))
  expect(lines.reduce((sum, count) => sum + count, 0)).toBe(1000)
  expect(await page.locator('.timeline *').count()).toBeLessThan(150)
  console.log(`  ${rate.toFixed(0)} frames a second; ${await fired(page).textContent()}`)
  expect(rate).toBeGreaterThanOrEqual(framesMin)
})

test('an expired token: 401, pause, one refresh, replay; all are answered', async ({ page }) => {
  await press(page, 'Expire the token now')
  await fire(page, '10')
  await expect(fired(page)).toContainText('10 requests: all answered 2xx')
  await expect(page.locator('.legend [data-test=replay] b')).not.toHaveText('0')
  expect(await total(page, 'renewed')).toBe(1)
  // What is not sent yet when the first 401 comes waits, and is sent only once.
  const refused = await total(page, 'refused')
  expect(refused).toBeGreaterThan(0)
  expect(await total(page, 'replay')).toBe(refused)
  expect(await total(page, 'failed')).toBe(0)
  await expect(verdict(page)).toContainText('Nobody was signed out.')
})

test('two tabs with ten requests each: both are drawn, one refresh between them', async ({ page, context }) => {
  const [second] = await Promise.all([context.waitForEvent('page'), page.getByRole('button', { name: 'Open a second tab' }).click()])
  await second.locator('.timeline .axis text').first().waitFor()
  await page.bringToFront()
  await expect(page.locator('.band-label', { hasText: 'Tab 2' })).toBeVisible()
  await press(page, 'Expire the token now')
  await page.getByLabel('in every tab').check()
  await fire(page, '10')
  await expect(fired(page)).toContainText('10 requests: all answered 2xx')
  await expect.poll(() => total(page, 'replay'), { message: 'replays of both tabs' }).toBeGreaterThan(10)
  expect(await total(page, 'renewed')).toBe(1)
  await second.close()
  await expect(page.locator('.band-label', { hasText: 'Tab 2 (closed)' })).toBeVisible()
})

test('a tab that opens later is told what happened before', async ({ page, context }) => {
  await fire(page, '10')
  await expect(fired(page)).toContainText('all answered 2xx')
  const later = await context.newPage()
  await openTimeline(later)
  await expect.poll(() => total(later, 'flight')).toBeGreaterThanOrEqual(10)
})

test('a refresh whose reply is lost signs nobody out', async ({ page }) => {
  await press(page, 'Drop the next refresh reply')
  await press(page, 'Expire the token now')
  await fire(page, '10')
  await expect(fired(page)).toContainText('10 requests: all answered 2xx')
  await expect(verdict(page)).toContainText('Nobody was signed out.')
})

test('a refresh endpoint that answers 503: who asks is told, and the session goes on', { tag: '@long' }, async ({ page }) => {
  const note = page.getByText('The session could not be renewed just now.')
  await press(page, '503 on refresh for 10 s')
  await press(page, 'Expire the token now')
  await fire(page, '10')
  await expect(fired(page)).toContainText('0 answered 2xx, 10 not. The server is not available at the moment.')
  await expect(note).toBeVisible()
  await expect(verdict(page)).toContainText('Nobody was signed out.')
  await expect(async () => {
    // It goes by itself, too, where a pause ends first.
    if (await note.isVisible()) await page.getByRole('button', { name: 'Try now' }).click({ timeout: 2000 })
    await expect(note).toBeHidden({ timeout: 2000 })
  }).toPass({ timeout: 30_000 })
  await fire(page, '10')
  await expect(fired(page)).toContainText('10 requests: all answered 2xx')
})

test('a session that is ended elsewhere says so, and why', async ({ page, browser, baseURL }) => {
  const name = await page.getByRole('link', { name: /^Profile of/ }).textContent()
  await endFromElsewhere(browser, baseURL!, name!.replace('Profile of', '').trim())
  await fire(page, '1')
  await expect(verdict(page)).toContainText('You were signed out. This session was ended from another device')
})

test('an account that is disabled: the session ends, and the reason is said', async ({ page }) => {
  await page.getByRole('button', { name: 'Disable my account' }).click()
  await expect(verdict(page)).toHaveText('You were signed out. This account is disabled.')
  await expect(fired(page)).toHaveText('1 request: 0 answered 2xx, 1 not. This account is disabled.')
})

test('sending needs somebody who is signed in', async ({ page }) => {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(verdict(page)).toHaveText('You signed out.')
  await expect(page.getByRole('button', { name: 'Send 10 requests' })).toBeDisabled()
})

function frames(page: Page, count: number): Promise<unknown> {
  return page.evaluate((left) => new Promise((done) => {
    const next = (): void => { if (left-- > 0) requestAnimationFrame(next); else done(0) }
    next()
  }), count)
}

test('a frozen picture stands still, and goes on when it is told to', async ({ page }) => {
  await fire(page, '10')
  await expect(fired(page)).toContainText('all answered 2xx')
  const place = () => page.locator('.timeline .band > g').first().getAttribute('transform')
  await page.getByRole('button', { name: 'Freeze' }).click()
  await frames(page, 2)
  const frozen = await place()
  await frames(page, 10)
  expect(await place()).toBe(frozen)
  await page.getByRole('button', { name: 'Go on' }).click()
  await frames(page, 2)
  expect(await place()).not.toBe(frozen)
})

test('neither the policy nor the console complains, and nothing leaves the origin', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL })
  const complaints = await listen(context, baseURL!)
  const page = await context.newPage()
  await signIn(page, 'max')
  await openTimeline(page)
  await fire(page, '10')
  await expect(fired(page)).toContainText('all answered 2xx')
  expect(complaints).toEqual([])
  await context.close()
})

test('who comes for the first time is shown it all with one press: nobody is signed out', { tag: '@stranger' }, async ({ page }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'Show me' }).click()
  const lost = page.locator('[data-test=pressed]').filter({ hasText: 'the reply to the refresh gets lost' })
  await lost.waitFor()
  await expect(page.getByRole('button', { name: 'Show me' })).toBeEnabled()
  await expect(fired(page)).toContainText('10 requests: all answered 2xx')
  await expect(verdict(page)).toContainText('Nobody was signed out.')
  expect(await total(page, 'flight')).toBeGreaterThanOrEqual(30)
  await expect(page).toHaveURL('/timeline')
})
