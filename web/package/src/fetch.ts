// window.fetch with the session's token.
import type { StayRequestInit } from './api'
import type { Host } from './host'
import { originOf, send } from './send'
import { headText } from './talk'

/** A stream is read once; everything else fetch can send again. */
function isStream(init: RequestInit): boolean {
  return typeof ReadableStream !== 'undefined' && init.body instanceof ReadableStream
}

function hasOwnToken(request: Request, header: string): boolean {
  return header !== '' && request.headers.has(header)
}

/** Browsers take Authorization off a redirect to another origin, and no other header. */
function wandersOff(header: string, request: Request): boolean {
  return header.toLowerCase() !== 'authorization' && request.redirect === 'follow'
}

function isRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400 && response.headers.has('Location'))
}

/**
 * No redirect is followed blindly with a header that would go along anywhere: the
 * page where it ends is asked for without the token, and read again with it where
 * that may see it.
 */
async function sendWarily(host: Host, request: Request, headers: Headers): Promise<Response> {
  const plain = host.options.fetch
  const bare = request.clone()
  const first = await plain(new Request(request, { headers, redirect: 'manual' }))
  if (!isRedirect(first)) return first
  const last = await plain(bare)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (!reads || last.url === '' || originOf(host, last.url) < 0) return last
  return plain(new Request(last.url, { method: request.method, headers, redirect: 'manual', signal: request.signal, credentials: request.credentials }))
}

export async function stayFetch(host: Host, input: RequestInfo | URL, init: StayRequestInit = {}): Promise<Response> {
  const { stay, ...rest } = init
  const plain = host.options.fetch
  if (stay === false) return plain(input as RequestInfo, rest)
  await host.opening
  const request = new Request(input as RequestInfo, rest)
  if (hasOwnToken(request, host.header)) return plain(request)
  const replayable = !isStream(rest)
  return send<Response>(host, {
    url: request.url,
    method: request.method,
    replayable,
    patience: host.patience(request.signal),
    async send(header) {
      const copy = replayable ? request.clone() : request
      if (header === undefined) return plain(copy)
      const headers = new Headers(copy.headers)
      headers.set(...header)
      if (replayable && wandersOff(header[0], copy)) return sendWarily(host, copy, headers)
      return plain(new Request(copy, { headers }))
    },
    status: (response) => response.status,
    refusal: (response) => ({
      head: headText(response.headers),
      body: () => response.clone().text()
    })
  })
}
