// node frames.mjs URL CHROMIUM: the app's Timeline of the stayd at URL, while 1,000
// requests are sent and drawn: how many frames a second.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(fileURLToPath(new URL('../../web/package.json', import.meta.url)))
const { chromium } = require('@playwright/test')
const [url, executablePath] = process.argv.slice(2)
const framesMin = 30

const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('User name or e-mail address').fill('ada')
  await page.getByLabel('Password', { exact: true }).fill('lovelace')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((to) => to.pathname === '/')
  await page.goto(`${url}/timeline`)
  await page.locator('.timeline .axis text').first().waitFor()
  await page.getByText('60 s', { exact: true }).click()
  await page.evaluate(() => {
    window.frames_seen = []
    const count = (at) => { window.frames_seen.push(at); requestAnimationFrame(count) }
    requestAnimationFrame(count)
  })
  await page.getByRole('button', { name: 'Send 1,000 request' }).first().click()
  await page.getByText('1,000 requests: all answered 2xx').waitFor({ timeout: 30_000 })
  const frames = await page.evaluate(() => window.frames_seen)
  const rate = (frames.length - 1) * 1000 / (frames[frames.length - 1] - frames[0])
  const marks = await page.locator('.timeline').getAttribute('data-marks')
  console.log(['frames a second while 1,000 requests are sent and drawn', `${rate.toFixed(0)} (${marks} marks)`, '-', '-',
    `at least ${framesMin}`, `${rate} >= ${framesMin} && ${Number(marks)} >= 1000`].join('|'))
} finally {
  await browser.close()
}
