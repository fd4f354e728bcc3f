// What a request costs in this process: axios over a transport that answers at once,
// alone, with axios-auth-refresh, with @stay/web. Processor time, in short turns one
// after the other, and of the turns' ratios the median: other work on the machine
// slows all three alike.
import { library, median, row, Server, signedIn } from './parts.mjs'

const axios = library('axios')
const { createAuthRefresh } = library('axios-auth-refresh')
const [rounds, each] = [41, 2000]

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
  const began = process.cpuUsage()
  for (let i = 0; i < each; i++) await client.get('/todos')
  const { user, system } = process.cpuUsage(began)
  return (user + system) / each
}

const seen = { alone: [], refresh: [], stay: [] }
for (const client of Object.values(arms)) await microseconds(client) // compiled by then
for (let round = 0; round < rounds; round++) {
  for (const [name, client] of Object.entries(arms)) seen[name].push(await microseconds(client))
}
const [alone, refresh, ours] = [seen.alone, seen.refresh, seen.stay].map(median)
const ratio = (peer) => median(seen.stay.map((cost, round) => cost / peer[round])).toFixed(2)
const us = (number) => `${number.toFixed(1)} us`
row('axios + @stay/web beside axios alone, a request', us(ours), us(alone), ratio(seen.alone))
row('axios + @stay/web beside axios + axios-auth-refresh', us(ours), us(refresh), ratio(seen.refresh))
process.exit()
