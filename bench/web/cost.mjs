// What a request costs in this process: axios over a transport that answers at once,
// alone, with axios-auth-refresh, with @stay/web; interleaved, medians.
import { library, median, row, Server, signedIn } from './parts.mjs'

const axios = library('axios')
const { createAuthRefresh } = library('axios-auth-refresh')
const [rounds, each] = [9, 10_000]

async function transport(config) {
  return { data: '', status: 200, statusText: 'OK', headers: {}, config }
}

function plain() {
  return axios.create({ baseURL: 'http://host.test/api', adapter: transport })
}

const withRefresh = plain()
createAuthRefresh(withRefresh, async () => {})
const withStay = plain()
const session = await signedIn(new Server())
withStay.defaults.adapter = session.adapter(withStay)
const arms = { alone: plain(), refresh: withRefresh, stay: withStay }

async function microseconds(client) {
  const began = process.hrtime.bigint()
  for (let i = 0; i < each; i++) await client.get('/todos')
  return Number(process.hrtime.bigint() - began) / each / 1000
}

const seen = { alone: [], refresh: [], stay: [] }
for (let round = 0; round < rounds; round++) {
  for (const [name, client] of Object.entries(arms)) seen[name].push(await microseconds(client))
}
const [alone, refresh, ours] = [seen.alone, seen.refresh, seen.stay].map(median)
const us = (number) => `${number.toFixed(1)} us`
row('axios + @stay/web beside axios alone, a request', us(ours), us(alone), (ours / alone).toFixed(2))
row('axios + @stay/web beside axios + axios-auth-refresh', us(ours), us(refresh), (ours / refresh).toFixed(2))
process.exit()
