// window.fetch with the session's token.
import type { StayRequestInit } from './api'
import type { Host } from './host'
import { send } from './send'
import { headText } from './talk'

/** A stream is read once; everything else fetch can send again. */
function isStream(init: RequestInit): boolean {
  return typeof ReadableStream !== 'undefined' && init.body instanceof ReadableStream
}

function hasOwnToken(request: Request, header: string): boolean {
  return header !== '' && request.headers.has(header)
}

/**
 * Browsers take Authorization off a redirect to another origin, but no other
 * header. With one of those a redirect is not followed blindly: the page where it
 * ends is asked for without the token, and again with it where it may have it.
 */
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
      return plain(new Request(copy, { headers }))
    },
    status: (response) => response.status,
    refusal: (response) => ({
      head: headText(response.headers),
      body: () => response.clone().text()
    })
  })
}
