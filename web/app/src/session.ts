// The app's one session: everything that shows or sends something comes here.
import axios from 'axios'
import { createStay } from '@stay/web'

/** Without a slash at its end. */
export const server = (import.meta.env.VITE_STAY_URL ?? location.origin).replace(/\/+$/, '')

export const stay = createStay({ baseURL: `${server}/api`, label: nameOfBrowser() })

/** Requests of the pages; the Timeline's own go by stay.fetch. */
export const http = axios.create({ baseURL: `${server}/api`, adapter: stay.adapter(axios) })

/** What the session list calls this one: 'Firefox on Linux'. */
function nameOfBrowser(): string {
  const text = navigator.userAgent
  const browser = /Edg\//.test(text) ? 'Edge'
    : /OPR\//.test(text) ? 'Opera'
    : /Firefox\//.test(text) ? 'Firefox'
    : /Chrom(e|ium)\//.test(text) ? 'Chromium'
    : /Safari\//.test(text) ? 'Safari' : 'A browser'
  const system = /Android/.test(text) ? 'Android'
    : /iPhone|iPad/.test(text) ? 'iOS'
    : /Windows/.test(text) ? 'Windows'
    : /Mac OS/.test(text) ? 'macOS'
    : /Linux/.test(text) ? 'Linux' : 'some system'
  return `${browser} on ${system}`
}
