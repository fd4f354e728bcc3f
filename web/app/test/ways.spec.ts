// Ways through the app: forms, guards, the way to sign-in and back.
import { countShifts, expect, fillSignIn, passwordOfRows, register, shifts, signIn, test } from './browser'

test('a page that is guarded leads to sign-in, and from there back to it', async ({ page }) => {
  await page.goto('/todos')
  await expect(page.getByText('That page is for people who are signed in.')).toBeVisible()
  await fillSignIn(page, 'ada')
  await expect(page).toHaveURL('/todos')
})

for (const next of ['https://example.org/', '//example.org/', '/\\example.org', '/no/such/page', '/sign-in']) {
  test(`the way back is a page of this app, not ${next}`, async ({ page }) => {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
    await fillSignIn(page, 'ada')
    await expect(page).toHaveURL('/')
  })
}

test('a wrong password is told beside the form, and the name stays', async ({ page }) => {
  await page.goto('/sign-in')
  await page.getByLabel('User name or e-mail address').fill('ada')
  await page.getByLabel('Password', { exact: true }).fill('not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toHaveText('The user name or the password is wrong.')
  await expect(page.getByLabel('User name or e-mail address')).toHaveValue('ada')
})

test('what is missing to sign in is told beside its field', async ({ page }) => {
  await page.goto('/sign-in')
  await page.getByLabel('User name or e-mail address').fill('ada')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription('This is required.')
})

test('signing in needs no mouse, and the focus is seen', async ({ page }) => {
  await page.goto('/sign-in?next=/profile')
  await page.locator('h1').waitFor()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.type('ada')
  await page.keyboard.press('Tab')
  await page.keyboard.type('lovelace')
  const outline = await page.getByLabel('Password', { exact: true }).evaluate((input) => getComputedStyle(input).outlineStyle)
  expect(outline).toBe('solid')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/profile')
})

test('a role that is missing: a page that says which, and nobody is signed out', async ({ page }) => {
  await signIn(page, 'max')
  await page.goto('/boards/admin')
  await expect(page.getByText('needs the role admin')).toBeVisible()
  await page.goto('/boards/moderator')
  await expect(page.locator('[data-test=content]')).toHaveText('Moderator content.')
})

test('the server’s reasons stand next to the fields they concern', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('User name').fill('ada')
  await page.getByLabel('E-mail address').fill('ada-2@example.org')
  await page.getByLabel('Password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Register' }).click()
  await expect(page.getByLabel('User name')).toHaveAccessibleDescription('Somebody has this user name already.')
})

test('a password of 7 characters is not sent, one of 8 is', async ({ page }) => {
  await page.goto('/register')
  await page.getByLabel('Password', { exact: true }).fill('1234567')
  await expect(page.getByRole('button', { name: 'Register' })).toBeDisabled()
  await page.getByLabel('Password', { exact: true }).fill('12345678')
  await expect(page.getByRole('button', { name: 'Register' })).toBeEnabled()
})

test('todos are kept: added, ticked, deleted, and so after a reload', async ({ page }) => {
  await register(page)
  await page.goto('/todos')
  for (const title of ['one', 'two']) {
    await page.getByLabel('What is to be done?').fill(title)
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: title }).waitFor()
  }
  await page.getByRole('checkbox', { name: 'two' }).check()
  await page.getByRole('button', { name: 'Delete: one' }).click()
  await expect(page.getByText('1 todo, 0 open')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('checkbox', { name: 'two' })).toBeChecked()
  await expect(page.getByRole('checkbox')).toHaveCount(1)
})

test('a todo that is added before the list is there is not lost to it', async ({ page }) => {
  await register(page)
  let free = (): void => {}
  const held = new Promise<void>((resolve) => { free = resolve })
  const order: string[] = []
  await page.route('**/api/todos', async (route) => {
    const listing = route.request().method() === 'GET'
    if (!listing) order.push('added')
    const response = await route.fetch()
    if (listing) {
      await held
      order.push('listed')
    }
    await route.fulfill({ response })
  })
  await page.goto('/todos')
  await page.getByLabel('What is to be done?').fill('one')
  await page.keyboard.press('Enter')
  // Answered after what that key has sent, had it sent anything.
  await page.evaluate(async () => { await fetch('/livez') })
  free()
  await expect(page.getByText('1 todo, 1 open')).toBeVisible()
  await expect(page.getByRole('checkbox', { name: 'one' })).toBeVisible()
  expect(order).toEqual(['listed', 'added'])
})

test('ticks that come faster than the answers are none lost', async ({ page }) => {
  await register(page)
  await page.goto('/todos')
  await page.getByLabel('What is to be done?').fill('one')
  await page.keyboard.press('Enter')
  const box = page.getByRole('checkbox', { name: 'one' })
  await box.waitFor()
  let free = (): void => {}
  const held = new Promise<void>((resolve) => { free = resolve })
  const methods: string[] = []
  await page.route('**/api/todos/*', async (route) => {
    methods.push(route.request().method())
    await held
    await route.continue()
  })
  await box.check()
  await box.uncheck()
  await box.check()
  await page.getByRole('button', { name: 'Delete: one' }).click()
  free()
  await expect(page.getByText('Nothing to do')).toBeVisible()
  expect(methods).toEqual(['PATCH', 'PATCH', 'PATCH', 'DELETE'])
})

test('an account’s life: address and password changed, then deleted', async ({ page }) => {
  const name = await register(page)
  await page.goto('/profile')
  await page.getByLabel('New e-mail address').fill(`new-${name}@example.org`)
  const forms = page.locator('form')
  await forms.nth(0).getByLabel('Current password', { exact: true }).fill('wrong, surely')
  await page.getByRole('button', { name: 'Change address' }).click()
  await expect(forms.nth(0).getByLabel('Current password', { exact: true })).toHaveAccessibleDescription('The current password is wrong.')
  await forms.nth(0).getByLabel('Current password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Change address' }).click()
  await expect(page.getByText('Your e-mail address is changed.')).toBeVisible()
  await expect(page.locator('.facts')).toContainText(`new-${name}@example.org`)
  await page.getByLabel('New password', { exact: true }).fill('another tram of loud otters')
  await forms.nth(1).getByLabel('Current password', { exact: true }).fill(passwordOfRows)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  await forms.nth(2).getByLabel('Current password', { exact: true }).fill('another tram of loud otters')
  await page.getByRole('button', { name: 'Delete my account' }).click()
  await expect(page.getByRole('link', { name: 'Register' }).first()).toBeVisible()
})

test('an administrator finds a person, gives a role, disables and enables them', async ({ page, browser, baseURL }) => {
  const theirs = await browser.newContext({ baseURL })
  const name = await register(await theirs.newPage())
  await signIn(page, 'root')
  await page.goto('/admin')
  await page.getByLabel('Search by name or e-mail address').fill(name)
  const person = page.locator('.person')
  await expect(person).toHaveCount(1)
  await expect(person).toContainText('1 session')
  await person.getByLabel('moderator').check()
  await person.getByRole('button', { name: 'End sessions' }).click()
  await person.getByRole('button', { name: 'End them' }).click()
  await expect(person).toContainText('0 sessions')
  await person.getByRole('button', { name: 'Disable' }).click()
  await person.getByRole('button', { name: 'Disable' }).click()
  await person.getByRole('button', { name: 'Enable' }).click()
  await expect(person.getByRole('button', { name: 'Disable' })).toBeVisible()
  await page.reload()
  await page.getByLabel('Search by name or e-mail address').fill(name)
  await expect(person).toHaveCount(1)
  await expect(person.getByLabel('moderator')).toBeChecked()
  await theirs.close()
})

test('the ring empties, and is full again after a renewal', async ({ page }) => {
  await signIn(page, 'ada')
  await page.goto('/profile')
  const share = async () => parseFloat((await page.locator('.ring-life').getAttribute('stroke-dasharray'))!)
  await page.locator('.claims td').first().waitFor()
  const full = await share()
  await expect.poll(share).toBeLessThan(full)
  const less = await share()
  await page.getByRole('button', { name: 'Renew it now' }).click()
  await expect.poll(share).toBeGreaterThan(less)
})

test('pages do not jump: reloaded and clicked through, shifts stay under 0.01', async ({ page }) => {
  await countShifts(page)
  await signIn(page, 'root')
  for (const path of ['/', '/profile', '/boards/user', '/todos', '/sessions', '/admin', '/timeline']) {
    await page.goto(path)
    await page.locator('h1').waitFor()
    await page.waitForLoadState('networkidle')
    expect.soft(await shifts(page), path).toBeLessThan(0.01)
  }
  for (const link of ['Boards', 'Todos', 'My sessions', 'Timeline']) {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: link }).click()
    await page.waitForLoadState('networkidle')
  }
  expect(await shifts(page)).toBeLessThan(0.01)
})

test('at 360 px the menu opens and closes by keyboard', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('/')
  const button = page.getByRole('button', { name: 'Menu' })
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeHidden()
  await button.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeHidden()
})

for (const [kind, name] of [['64 letters without a gap', `${'a'.repeat(48)}-`], ['signs of more than one unit', '🦀🌊'], ['letters from right to left', 'مستخدم']] as const) {
  test(`a user name of ${kind}: no page is wider than the window`, async ({ page }) => {
    const unique = `${name}${Date.now().toString(36)}`
    await page.setViewportSize({ width: 360, height: 740 })
    await register(page, '', kind.startsWith('64') ? unique.padEnd(64, 'z') : unique)
    await page.getByRole('button', { name: 'Menu' }).click()
    for (const width of [360, 800]) {
      await page.setViewportSize({ width, height: 740 })
      for (const path of ['/', '/profile', '/boards/admin', '/sessions']) {
        await page.goto(path)
        await page.locator('h1').waitFor()
        const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        expect.soft(beside, `${path} at ${width} px`).toBe(0)
      }
    }
  })
}
