// What elsewhere signs people out: expiry while they click, many requests, many
// tabs, reloads, a tab that dies, a browser that is started again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import type { BrowserContext, Page } from '@playwright/test'
import { board, clear, countShifts, expect, fire, listen, openBoard, openTimeline, register, shifts, signIn, test } from './browser'
import { args, executablePath } from './chromium'

const expiries = 30
/** A token is no longer young then, and a 401 to it is news. */
const laterMs = 40_000

/** Answers of that status to requests of these paths, on the wire. */
function answers(from: Page | BrowserContext, path: string, status: number): () => number {
  let count = 0
  from.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith(path) && response.status() === status) count += 1
  })
  return () => count
}

test('30 expiries of clicking: every click is answered 2xx, nothing complains, jumps or asks to sign in', { tag: '@long' }, async ({ page, context, stayd }) => {
  const complaints = await listen(context, stayd.url)
  const visited: string[] = []
  await page.clock.install()
  await countShifts(page)
  await signIn(page, 'root')
  await page.goto('/boards/user')
  await expect(board(page)).toHaveText('User content.')
  const [good, bad] = [answers(page, '/api/test/', 200), answers(page, '/api/session/refresh', 200)]
  page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname))
  const before = await stayd.refreshes()
  const names = ['Moderator', 'Admin', 'User']
  for (let i = 0; i < expiries; i++) {
    await page.clock.fastForward(laterMs)
    await stayd.demo('expire')
    await openBoard(page, names[i % names.length])
    await expect(board(page)).toHaveText(`${names[i % names.length]} content.`)
  }
  expect(good()).toBe(expiries)
  expect(bad()).toBe(expiries)
  expect(await stayd.refreshes() - before).toBe(expiries)
  expect(visited.filter((path) => !path.startsWith('/boards/'))).toEqual([])
  expect(complaints).toEqual([])
  expect(await shifts(page)).toBeLessThan(0.01)
})

test('50 requests at once at expiry: all are answered 2xx, with one refresh on the server’s count', async ({ page, stayd }) => {
  await register(page)
  await openTimeline(page)
  await clear(page)
  const good = answers(page, '/api/test/user', 200)
  const before = await stayd.refreshes()
  await stayd.demo('expire')
  await page.getByRole('button', { name: 'Send 10 requests' }).evaluate((button: HTMLButtonElement) => {
    for (let i = 0; i < 5; i++) button.click()
  })
  await expect.poll(good).toBe(50)
  expect(await stayd.refreshes() - before).toBe(1)
})

test('three tabs with ten requests each at expiry: one refresh on the server’s count', async ({ page, context, stayd }) => {
  await register(page)
  const tabs = [page, await context.newPage(), await context.newPage()]
  for (const tab of tabs) await openTimeline(tab)
  const good = answers(context, '/api/test/user', 200)
  const before = await stayd.refreshes()
  await stayd.demo('expire')
  await page.bringToFront()
  await page.getByLabel('in every tab').check()
  await fire(page, '10')
  await expect.poll(good).toBe(30)
  expect(await stayd.refreshes() - before).toBe(1)
})

test('reloaded beyond expiry: one refresh, and no 401 on the wire', async ({ page, stayd }) => {
  await register(page)
  await page.goto('/boards/user')
  await expect(board(page)).toHaveText('User content.')
  const refused = answers(page, '/', 401)
  const before = await stayd.refreshes()
  await stayd.demo('expire')
  await page.reload()
  await expect(board(page)).toHaveText('User content.')
  expect(await stayd.refreshes() - before).toBe(1)
  expect(refused()).toBe(0)
})

test('a new tab has its token from the one that is there: no refresh', async ({ page, context, stayd }) => {
  await register(page)
  await page.goto('/boards/user')
  await expect(board(page)).toHaveText('User content.')
  const before = await stayd.refreshes()
  const second = await context.newPage()
  await second.goto('/boards/user')
  await expect(board(second)).toHaveText('User content.')
  expect(await stayd.refreshes() - before).toBe(0)
})

for (const [when, reaches] of [['before it reaches the server', false], ['when the server has moved on', true]] as const) {
  test(`a tab that is closed in its refresh, ${when}: the other goes on`, async ({ page, context, stayd }) => {
    await register(page)
    const dying = await context.newPage()
    for (const tab of [page, dying]) {
      await tab.goto('/boards/public')
      await expect(board(tab)).not.toBeEmpty()
    }
    await stayd.demo('expire')
    let held = false
    await dying.route('**/api/session/refresh', async (route) => {
      if (reaches) await route.fetch()
      held = true
    })
    await openBoard(dying, 'User')
    await expect.poll(() => held).toBe(true)
    await openBoard(page, 'User')
    await dying.close()
    await expect(board(page)).toHaveText('User content.')
  })
}

test('the browser is started again with its profile: still signed in', async ({ stayd }) => {
  const profile = mkdtempSync(join(tmpdir(), 'stay-profile-'))
  const start = () => chromium.launchPersistentContext(profile, { executablePath, args, baseURL: stayd.url })
  let context = await start()
  try {
    await register(context.pages()[0])
    await context.close()
    context = await start()
    await context.pages()[0].goto('/boards/user')
    await expect(board(context.pages()[0])).toHaveText('User content.')
  } finally {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
})
