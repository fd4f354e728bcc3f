// 50 requests at once with a token that has just expired.
import { library, row, Server, signedIn } from './parts.mjs'

const axios = library('axios')
const { createAuthRefresh } = library('axios-auth-refresh')
const count = 50

/** A transport that takes the server's current token and no other. */
function transport(server) {
  return async (config) => {
    await new Promise((resolve) => { setTimeout(resolve, 5) })
    const shown = String(config.headers.get('Authorization') ?? '').replace('Bearer ', '')
    const good = shown === server.current
    const response = {
      data: good ? '{}' : '{"error":"expired_token","message":"The token expired."}',
      status: good ? 200 : 401, statusText: '', config, request: {},
      headers: new axios.AxiosHeaders({ 'content-type': 'application/json' })
    }
    if (good) return response
    throw new axios.AxiosError('Request failed with status code 401', 'ERR_BAD_REQUEST', config, {}, response)
  }
}

async function burst(client) {
  const ended = await Promise.allSettled(Array.from({ length: count }, () => client.get('/todos')))
  return ended.filter(({ status }) => status === 'fulfilled').length
}

async function withRefresh(options) {
  const server = new Server()
  const client = axios.create({ baseURL: 'http://host.test/api', adapter: transport(server) })
  let token = 'old'
  client.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${token}`)
    return config
  })
  createAuthRefresh(client, async (failed) => {
    const answer = await server.fetch('http://host.test/api/session/refresh', { body: '{"generation":0}' })
    token = (await answer.json()).access_token
    failed.response.config.headers.set('Authorization', `Bearer ${token}`)
  }, options)
  return [await burst(client), server.refreshes]
}

async function withStay() {
  const server = new Server()
  const client = axios.create({ baseURL: 'http://host.test/api', adapter: transport(server) })
  const session = await signedIn(server)
  client.defaults.adapter = session.adapter(client)
  server.current = 'expired'
  return [await burst(client), server.refreshes]
}

const told = ([succeeded, refreshes]) => `${succeeded} of ${count}, ${refreshes} refresh${refreshes === 1 ? '' : 'es'}`
const ours = await withStay()
row(`${count} requests at expiry, beside axios-auth-refresh`, told(ours), told(await withRefresh({})), '-',
  'all, by one', `${ours[0]} == ${count} && ${ours[1]} == 1`)
row('the same, its deduplicateRefresh: false', told(ours), told(await withRefresh({ deduplicateRefresh: false })))
process.exit()
