// The scripted server on a real socket, for what brings its own transport.
import { createServer } from 'node:http'
import type { IncomingMessage, Server as Listener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { Server } from './kit'

const listeners: Listener[] = []

afterEach(() => {
  for (const listener of listeners.splice(0)) {
    listener.closeAllConnections()
    listener.close()
  }
})

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Its address; every request that comes is the script's to answer. */
export async function listen(script: Server): Promise<string> {
  const listener = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      const { method, url, headers } = request
      const answer = await script.fetch(`http://${headers.host!}${url!}`, {
        method,
        headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
        body: body.length > 0 ? new Uint8Array(body) : undefined
      })
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(await answer.arrayBuffer()))
    })()
  })
  listeners.push(listener)
  await new Promise<void>((resolve) => { listener.listen(0, '127.0.0.1', resolve) })
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}
