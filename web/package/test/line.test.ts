// Cookie mode: what a browser does that lost its storage, but not its cookie, as
// far as the core decides it. The server's half: test/system/rows/cookie.rows.
import { beforeEach, expect, test } from 'vitest'
import { Case, Field, Message, Num, Outcome, RecordKind, RecordState, Step } from '#core/constants'
import type { Core } from '../src/core'
import { loadCore } from '../src/core'
import { toBase64url } from '../src/talk'
import stay from '#core/dialects/stay'

const sid = toBase64url(new Uint8Array(16).fill(1))
const from = toBase64url(new Uint8Array(32).fill(2))
const wallMs = Date.UTC(2026, 0, 1)
let core: Core
let id: number

/** The next message's kind, or -1 where none is sent. */
function begin(): number {
  core.set(Num.WALL_MS, wallMs)
  core.set(Num.RANDOM, 0)
  core.writeBytes(new Uint8Array(32).fill(3))
  const todo = core.c.record_begin(id)
  return (todo & Step.SEND) === 0 ? -1 : todo >>> 16
}

function tell(generation: number, words = from + sid): number {
  core.set(Num.GENERATION, generation)
  core.write(words)
  return core.c.record_apply(id, Outcome.RESEED, Case.RESEED)
}

/** Out of the vault and in again, as another tab would. */
function store(): void {
  core.c.record_write(id)
  const length = core.write(core.read())
  expect(core.c.record_read(id, length)).toBe(0)
}

beforeEach(async () => {
  core = await loadCore()
  id = core.c.open(-1)
  core.load(id, stay)
  core.c.record_renew(id, 1)
  return () => core.c.close(id)
})

test('without the cookie an empty vault has nobody signed in', () => {
  core.c.record_renew(id, 0)
  expect(begin()).toBe(-1)
})

test('with it, it asks what holds, and names no session', () => {
  expect(begin()).toBe(RecordKind.ASK)
  expect(core.read(0)).toBe('')
  expect(core.read(1)).toBe('')
  expect(core.read(3)).toBe('')
})

test('no text is the record of nobody, whatever was read before; and a record tells its sid', () => {
  begin()
  tell(5)
  begin()
  core.c.record_facts(id)
  expect(core.read(1)).toBe(sid)
  expect(core.c.record_read(id, 0)).toBe(0)
  expect(core.c.record_facts(id) & 0xff).toBe(RecordState.EMPTY)
  expect(core.c.record_read(id, core.write('none'))).toBe(-1)
  expect(core.c.record_facts(id) & 0xff).toBe(RecordState.EMPTY)
})

test('the question says null on the wire', () => {
  core.give({ [Field.GENERATION]: null })
  expect(core.c.message_build(id, Message.REFRESH_COOKIE)).toBe(0)
  expect(core.read(3)).toBe('{"generation":null}')
})

test('told, it begins a line by the clock, far above', () => {
  begin()
  expect(tell(3) & Step.AGAIN).not.toBe(0)
  expect(begin()).toBe(RecordKind.LINE)
  expect(core.read(0)).toBe(sid)
  expect(core.read(1)).toBe(from)
  expect(core.readBytes(3)).toEqual(new Uint8Array(32).fill(3))
  expect(core.get(Num.GENERATION)).toBe(3)
  expect(core.get(Num.TO)).toBe(wallMs * 1024)
})

test('what it is about to begin survives the page', () => {
  begin()
  tell(3)
  begin()
  store()
  expect(core.c.record_facts(id) & 0xff).toBe(RecordState.SEEDING)
  core.c.record_renew(id, 1)
  expect(begin()).toBe(RecordKind.LINE)
  expect(core.read(1)).toBe(from)
  expect(core.get(Num.GENERATION)).toBe(3)
  expect(core.get(Num.TO)).toBe(wallMs * 1024)
})

test('granted, the line lives and is refreshed as any other', () => {
  begin()
  tell(3)
  begin()
  expect(core.c.record_apply(id, Outcome.GRANTED, 0) & Step.USE).not.toBe(0)
  store()
  expect(core.c.record_facts(id) & 0xff).toBe(RecordState.LIVE)
  core.c.record_renew(id, 1)
  expect(begin()).toBe(RecordKind.STEP)
  expect(core.get(Num.GENERATION)).toBe(wallMs * 1024)
})

test.each([
  ['no commitment', `${'!'.repeat(43)}${sid}`],
  ['no sid', `${from}${'!'.repeat(22)}`]
])('an answer with %s changes nothing', (_, words) => {
  begin()
  expect(tell(3, words) & Step.PAUSE).not.toBe(0)
  expect(begin()).toBe(RecordKind.ASK)
})
