// Trouble that passes ends no session; what ends one is told, with its reason,
// and the way leads back to where one was.
import type { Page } from '@playwright/test'
import { board, endFromElsewhere, expect, fillSignIn, openBoard, passwordOfRows, people, register, signIn, test } from './browser'
import { Stayd } from './stayd'

const page404 = '<!doctype html><title>Sorry</title><h1>The proxy is sorry.</h1>'

const troubles = [
  { what: '503', status: 503, contentType: 'application/json', body: '{}' },
  { what: '429', status: 429, contentType: 'application/json', body: '{}' },
  { what: 'a page of HTML with 200', status: 200, contentType: 'text/html', body: page404 },
  { what: 'a page of HTML with 403', status: 403, contentType: 'text/html', body: page404 }
]

/** Until the session is renewed; by itself, or because somebody presses the button. */
async function untilRenewed(page: Page): Promise<void> {
  const note = page.getByText('The session could not be renewed just now.')
  await expect(async () => {
    if (await note.isVisible()) await page.getByRole('button', { name: 'Try now' }).click({ timeout: 2000 })
    await expect(note).toBeHidden({ timeout: 2000 })
  }).toPass({ timeout: 30_000 })
}

async function askAgain(page: Page): Promise<void> {
  await expect(async () => {
    await page.getByRole('button', { name: 'Ask again' }).click({ timeout: 2000 })
    await expect(board(page)).toHaveText('User content.', { timeout: 2000 })
  }).toPass({ timeout: 30_000 })
}

for (const { what, ...answer } of troubles) {
  test(`the refresh endpoint answers ${what}: that is told, nobody is signed out, and it goes on`, async ({ page, stayd }) => {
    await register(page)
    await page.goto('/boards/public')
    await expect(board(page)).not.toBeEmpty()
    await page.route('**/api/session/refresh', (route) => route.fulfill(answer))
    await stayd.demo('expire')
    await openBoard(page, 'User')
    await expect(page.locator('main').getByRole('alert')).toContainText('You stay signed in')
    await expect(page).toHaveURL('/boards/user')
    await page.unroute('**/api/session/refresh')
    await untilRenewed(page)
    await askAgain(page)
    await expect(page.locator('main').getByRole('alert')).toBeEmpty()
  })
}

test('offline, and back: who clicks is told, and nobody is signed out', async ({ page, context, stayd }) => {
  await register(page)
  await page.goto('/boards/user')
  await expect(board(page)).toHaveText('User content.')
  await context.setOffline(true)
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expect(page.locator('main').getByRole('alert')).toContainText('cannot be reached')
  await stayd.demo('expire')
  await context.setOffline(false)
  await askAgain(page)
  await expect(page.locator('main').getByRole('alert')).toBeEmpty()
  await expect(page).toHaveURL('/boards/user')
})

test('stayd is killed and started again: who clicks meanwhile is told, and goes on', async ({ page }) => {
  const stayd = await Stayd.start()
  try {
    await page.goto(`${stayd.url}/sign-in?next=/boards/user`)
    await fillSignIn(page, 'ada')
    await expect(board(page)).toHaveText('User content.')
    await stayd.end('SIGKILL')
    await page.getByRole('button', { name: 'Ask again' }).click()
    await expect(page.locator('main').getByRole('alert')).toContainText('cannot be reached')
    await stayd.again()
    await page.reload()
    await expect(board(page)).toHaveText('User content.')
  } finally {
    await stayd.stop()
  }
})

test('stayd is away: the Timeline says so in words of its own', async ({ page }) => {
  const stayd = await Stayd.start()
  try {
    await page.goto(`${stayd.url}/sign-in?next=/timeline`)
    await fillSignIn(page, 'ada')
    await page.locator('.timeline .axis text').first().waitFor()
    await stayd.end('SIGKILL')
    await page.getByRole('button', { name: 'Send 10 requests' }).click()
    await expect(page.locator('[data-test=fired]')).toHaveText('10 requests: 0 answered 2xx, 10 not. The server cannot be reached. Look at your connection, and try again.')
    await page.getByRole('button', { name: 'Expire the token now' }).click()
    await expect(page.locator('main').getByRole('alert')).toHaveText('The server cannot be reached. Look at your connection, and try again.')
  } finally {
    await stayd.stop()
  }
})

test('a sign-in that reaches nobody: that is told, and the same password does when stayd is back', async ({ page }) => {
  const stayd = await Stayd.start()
  try {
    await page.goto(`${stayd.url}/sign-in?next=/todos`)
    await page.locator('h1').waitFor()
    await stayd.end('SIGKILL')
    await fillSignIn(page, 'ada')
    await expect(page.getByRole('alert')).toHaveText('The server did not answer. Try again in a moment.')
    await stayd.again()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByLabel('What is to be done?')).toBeVisible()
  } finally {
    await stayd.stop()
  }
})

test('after an outage the note goes by itself, and nobody pressed anything', { tag: '@long' }, async ({ page }) => {
  await page.clock.install()
  await register(page)
  await page.goto('/boards/public')
  await expect(board(page)).not.toBeEmpty()
  await page.route('**/api/session/refresh', (route) => route.abort())
  // Past the life of its token.
  await page.clock.fastForward(330_000)
  await page.getByRole('link', { name: 'My sessions' }).click()
  const note = page.getByText('The session could not be renewed just now.')
  await expect(note).toBeVisible()
  await expect(page.getByText('One moment…')).toBeHidden()
  await page.unroute('**/api/session/refresh')
  await expect(note).toBeHidden()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('1 session')).toBeVisible()
})

test('ended from another device: sign-in says so, and leads back', async ({ page, browser, baseURL }) => {
  const name = await register(page)
  await page.goto('/boards/user')
  await expect(board(page)).toHaveText('User content.')
  await endFromElsewhere(browser, baseURL!, name)
  await openBoard(page, 'Public')
  await page.getByRole('link', { name: 'My sessions' }).click()
  await expect(page).toHaveURL('/sign-in?next=/sessions&reason=revoked')
  await expect(page.locator('[data-test=why]')).toContainText('This session was ended from another device')
  await page.getByLabel('User name or e-mail address').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL('/sessions')
})

test('a disabled account: sign-in says so, and so does the next try', async ({ page }) => {
  const name = await register(page)
  await page.goto('/timeline')
  await page.getByRole('button', { name: 'Disable my account' }).click()
  await expect(page.locator('[data-test=verdict]')).toContainText('This account is disabled.')
  await page.goto('/todos')
  await expect(page.locator('[data-test=why]')).toContainText('This account is disabled.')
  await page.getByLabel('User name or e-mail address').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toHaveText('This account is disabled.')
})

test('a session past its end: sign-in says so, and then it is the page that was asked for', async ({ page }) => {
  const stayd = await Stayd.start('--access-ttl', '1s', '--refresh-idle', '4s')
  try {
    await page.goto(`${stayd.url}/sign-in?next=/todos`)
    await fillSignIn(page, 'ada')
    await expect(page.getByLabel('What is to be done?')).toBeVisible()
    // Each visit keeps the session alive for another 4 s, so they lie apart.
    await page.goto('about:blank')
    await expect.poll(async () => {
      await page.goto(`${stayd.url}/todos`)
      await page.locator('h1').waitFor()
      const { pathname, search } = new URL(page.url())
      await page.goto('about:blank')
      return pathname + search
    }, { intervals: [4500] }).toBe('/sign-in?next=/todos&reason=expired')
    await page.goto(`${stayd.url}/todos`)
    await expect(page.locator('[data-test=why]')).toContainText('This session was not used for too long, or reached its end.')
    await fillSignIn(page, 'ada')
    await expect(page.getByLabel('What is to be done?')).toBeVisible()
    await expect(page).toHaveURL(/\/todos$/)
  } finally {
    await stayd.stop()
  }
})

const allowed = { ada: ['public', 'user'], max: ['public', 'user', 'moderator'], root: ['public', 'user', 'moderator', 'admin'] }

for (const name of Object.keys(people) as (keyof typeof people)[]) {
  test(`boards of ${name}: ${allowed[name].join(', ')}, and no other`, async ({ page }) => {
    await signIn(page, name)
    for (const board of ['public', 'user', 'moderator', 'admin']) {
      await page.goto(`/boards/${board}`)
      if (allowed[name].includes(board)) await expect(page.locator('[data-test=content]')).not.toBeEmpty()
      else await expect(page.getByText(`needs the role ${board}`)).toBeVisible()
    }
    await expect(page.getByRole('link', { name: 'Users', exact: true })).toHaveCount(name === 'root' ? 1 : 0)
  })
}
