// Which browser, and what keeps it quiet: without a sandbox of its own, for CI is
// root in a container.
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']
