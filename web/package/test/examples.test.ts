// web/examples, built and used in a browser, against a real stayd.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { build, createServer as createViteServer } from 'vite'
import type { Stayd } from './stayd'
import { missing, startStayd } from './stayd'

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const web = fileURLToPath(new URL('../..', import.meta.url))
const out = join(web, '../build/web/examples')
const screens = join(web, '../build/screens')
const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' }

describe.skipIf(missing || !existsSync(browserPath))('examples', () => {
  let stayd: Stayd
  let files: Server
  let base = ''
  let browser: Browser

  beforeAll(async () => {
    rmSync(out, { recursive: true, force: true })
    mkdirSync(screens, { recursive: true })
    if (!existsSync(join(web, '../build/web/package/package.json'))) {
      execFileSync(process.execPath, [join(web, 'make/package.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
    }
    for (const name of ['vue2', 'react']) {
      await build({ root: join(web, 'examples', name), logLevel: 'error', build: { outDir: join(out, name), emptyOutDir: true } })
    }
    stayd = await startStayd()
    files = createServer((request, response) => {
      const path = join(out, new URL(request.url!, 'http://x').pathname)
      if (!existsSync(path)) { response.writeHead(404).end(); return }
      response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'text/plain' }).end(readFileSync(path))
    })
    await new Promise<void>((resolve) => { files.listen(0, '127.0.0.1', resolve) })
    base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
    browser = await chromium.launch({ executablePath: browserPath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    files?.closeAllConnections()
    files?.close()
    await stayd?.stop()
  })

  /** A page of its own browser profile, and what went wrong in it. */
  async function open(path: string): Promise<{ page: Page, wrong: string[] }> {
    const context = await browser.newContext({ viewport: { width: 390, height: 700 } })
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('console', (line) => { if (line.type() === 'error' && !/status of 40|net::ERR/.test(line.text())) wrong.push(line.text()) })
    await page.goto(`${base}${path}?server=${encodeURIComponent(stayd.url)}`)
    return { page, wrong }
  }

  /** Narrow and wide, light and dark: for people to look at. */
  async function look(page: Page, name: string): Promise<void> {
    for (const width of [390, 1280]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 700 })
        await page.emulateMedia({ colorScheme })
        await page.screenshot({ path: join(screens, `${name}-${width}-${colorScheme}.png`) })
      }
    }
  }

  async function signIn(page: Page, name: string, password: string): Promise<void> {
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  test.each([['bezkoder', 'index.html'], ['django', 'django.html']])('Vue 2, names of %s: a board that was asked for, expiry, a wrong role, sign-out', async (name, file) => {
    const { page, wrong } = await open(`/vue2/${file}`)
    await page.getByRole('link', { name: 'User', exact: true }).click()
    await look(page, `vue2-${name}-sign-in`)
    await signIn(page, 'ada', 'wrong')
    await page.getByRole('alert').waitFor()
    await signIn(page, 'ada', 'lovelace')
    await page.getByText('User Content.', { exact: true }).waitFor()
    await stayd.demo('expire')
    await page.reload()
    await page.getByText('User Content.', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'ada' }).click()
    await page.getByText('signed-in').waitFor()
    await look(page, `vue2-${name}-profile`)
    await page.getByRole('link', { name: 'Moderator' }).click()
    await page.getByRole('alert').waitFor()
    await look(page, `vue2-${name}-moderator`)
    await page.getByRole('link', { name: 'Admin' }).click()
    await page.getByText('Not for this account').waitFor()
    await page.context().setOffline(true)
    for (const link of ['Home', 'User']) {
      await page.getByRole('link', { name: link, exact: true }).click()
      await page.getByText('The server cannot be reached.').waitFor()
    }
    await look(page, `vue2-${name}-offline`)
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(wrong).toEqual([])
  }, 60_000)

  test('Vite’s own server with its proxy, as the manual says: cookie mode, expiry, reload', async () => {
    const vite = await createViteServer({ root: join(web, 'examples', 'react'), logLevel: 'error', cacheDir: join(out, '.vite'), server: { host: '127.0.0.1', port: 0, proxy: { '/api': stayd.url } } })
    await vite.listen()
    const address = vite.resolvedUrls!.local[0].replace(/\/$/, '')
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${address}/?server=${encodeURIComponent(address)}`)
    await signIn(page, 'ada', 'lovelace')
    await page.getByRole('button', { name: 'Load' }).click()
    await page.getByText('User content.').waitFor()
    await stayd.demo('expire')
    await page.reload()
    await page.getByRole('button', { name: 'Load' }).click()
    await page.getByText('User content.').waitFor()
    expect((await page.context().cookies()).map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Strict']])
    await vite.close()
  }, 90_000)

  test('React, in cookie mode from another port: expiry, reload, sign-out', async () => {
    const { page, wrong } = await open('/react/index.html')
    await signIn(page, 'ada', 'lovelace')
    await page.getByRole('button', { name: 'Load' }).click()
    await page.getByText('User content.').waitFor()
    await stayd.demo('expire')
    await page.reload()
    await page.getByRole('button', { name: 'Load' }).click()
    await page.getByText('User content.').waitFor()
    await look(page, 'react-board')
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Load' }).click()
    await page.getByText('The server cannot be reached.').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await look(page, 'react-sign-in')
    expect(wrong).toEqual([])
  }, 60_000)
})
