// node images.mjs FOLDER: what a client's image of a dialect leaves out changes
// nothing that the package asks: every answer that the whole dialect words is read
// alike by both. FOLDER holds what src/wasm/build.sh made.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askedByRefresh, clientPart, isAsked, messages } from '../../web/make/client.mjs'
import { imageOf } from '../../web/make/image.mjs'
import { readImage } from '../../web/make/read-image.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = process.argv[2]
const numbers = { sign_up: 3, sign_in: 4, sign_in_cookie: 5, refresh: 6, refresh_cookie: 7, sign_out: 8, sign_out_cookie: 9, me: 11 }
const [REFUSED, PROTOCOL] = [2, 3] // enum verdict
const OUTCOME_REFUSED = 1 // enum outcome
const IMAGE_SIZE = 64 * 1024 // exports.h

const instance = (name) => new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(folder, name)))).exports
const loader = instance('loader.wasm')
const core = instance('core.wasm')
const memory = new Uint8Array(core.memory.buffer)
const encoder = new TextEncoder()

function open(dialect) {
  const id = core.open(0)
  readImage(imageOf(loader, dialect), memory, core.dialect_image(id), IMAGE_SIZE)
  return id
}

/** An answer in these words: each blank filled, or left out where it may be. */
function written(body, full) {
  if (typeof body === 'string') {
    const whole = /^\{(\w+)(\??)\}$/.exec(body)
    if (whole !== null) return whole[2] && !full ? undefined : 7
    return body.replace(/\{\*:([^}]*)\}/g, '$1').replace(/\{\w+\??\}/g, 'x')
  }
  if (Array.isArray(body)) return body.map((inner) => written(inner, full))
  if (typeof body !== 'object' || body === null) return body
  return Object.fromEntries(Object.entries(body).map(([key, inner]) => [key, written(inner, full)]))
}

function* answers(dialect) {
  for (const replies of [dialect.errors ?? {}, ...Object.values(dialect.messages).map(({ replies }) => replies)]) {
    if (typeof replies === 'string') continue
    for (const [name, { status, body, text }] of Object.entries(replies)) {
      const field = name.split('.')[1]
      for (const code of [status].flat()) {
        for (const one of body === undefined ? [] : [body].flat()) {
          for (const full of [true, false]) yield { field, status: code, body: JSON.stringify(written(one, full)) }
        }
        for (const one of text === undefined ? [] : [text].flat()) yield { field, status: code, body: written(one, true) }
        if (body === undefined && text === undefined) yield { field, status: code, body: '' }
      }
    }
  }
}

/** What the package looks at: src/talk.ts, src/refresh.ts. */
function meaning(id, message, { status, body }) {
  const put = () => encoder.encodeInto(body, memory.subarray(core.text())).written
  const read = core.reply_read(id, message, status, 0, put())
  const verdict = read & 0xff
  const said = [verdict, verdict === REFUSED || verdict === PROTOCOL ? read >> 8 & 0xff : 0]
  if (message !== numbers.refresh && message !== numbers.refresh_cookie) return said.join()
  const outcome = core.outcome_read(id, message, status, 0, put())
  return [...said, outcome & 0xff, (outcome & 0xff) === OUTCOME_REFUSED ? outcome >> 8 : 0].join()
}

function differences(dialect) {
  const ids = [dialect, clientPart(loader, dialect)].map(open)
  const asked = askedByRefresh(dialect)
  const told = []
  let count = 0
  for (const answer of answers(dialect)) {
    // No refresh is answered with a fault in what it does not carry.
    const isForeign = answer.field !== undefined && !isAsked(asked, answer.field)
    for (const name of ['none', ...messages.filter((message) => message in dialect.messages)]) {
      if (isForeign && name.startsWith('refresh')) continue
      const [whole, part] = ids.map((id) => meaning(id, numbers[name] ?? 0, answer))
      count++
      if (whole !== part) told.push(`${name} ${answer.status} ${answer.body}: ${whole} became ${part}`)
    }
  }
  ids.forEach((id) => core.close(id))
  return { count, told }
}

let failed = 0
for (const file of readdirSync(join(root, 'dialects'))) {
  if (!file.endsWith('.json') || file === 'schema.json') continue
  const dialect = JSON.parse(readFileSync(join(root, 'dialects', file), 'utf8'))
  if (dialect.messages.refresh === undefined) continue
  const { count, told } = differences(dialect)
  console.log(`${told.length === 0 ? 'ok' : 'not ok'} - ${dialect.dialect}: a client's image reads ${count} answers as the whole dialect`)
  for (const line of told.slice(0, 20)) console.log(`# ${line}`)
  failed += told.length
}
process.exit(failed === 0 ? 0 : 1)
