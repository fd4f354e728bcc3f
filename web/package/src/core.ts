// The one place that touches WebAssembly: numbers and texts across the border.
import { Limit, Num } from '#core/constants'
import type { Field } from '#core/constants'
import { instance } from '#core/instance'
import { readImage } from '#core/read-image'
import packed from '#core/wasm'

/** What src/wasm/exports.h exports; the comments are there. */
export interface CoreExports {
  memory: { buffer: ArrayBuffer }
  text(): number
  out(): number
  number(): number
  wipe(): void
  open(earlyMs: number): number
  close(session: number): void
  dialect_image(session: number): number
  dialect_facts(session: number): number
  request_open(session: number, origin: number, needMs: number): number
  request_close(request: number): void
  request_reset(request: number, needMs: number): void
  ask(request: number): number
  ask_newer(request: number): number
  answered(request: number, status: number): number
  refused(session: number, origin: number): number
  call(session: number): number
  ended(session: number, outcome: number): number
  changed(session: number): number
  signed_in(session: number): number
  signed_out(session: number): number
  tick(session: number): number
  state(session: number): number
  is_suspect(session: number): number
  generation(session: number): number
  refresh_from(session: number): number
  deadline_ms(session: number): number
  left_ms(session: number): number
  rest_ms(session: number): number
  budget_write(session: number): void
  budget_read(session: number, length: number): void
  budget_wake(session: number): void
  record_start(session: number, length: number, hasSession: number): number
  record_write(session: number): void
  record_read(session: number, length: number): number
  record_renew(session: number, byCookie: number): void
  record_begin(session: number): number
  record_apply(session: number, outcome: number, kind: number): number
  record_end(session: number, reason: number, tell: number): number
  record_told(session: number): void
  record_facts(session: number): number
  fields_clear(): void
  field_text(field: number, offset: number, length: number): void
  field_null(field: number): void
  field_number(field: number, value: number): void
  message_build(session: number, message: number): number
  access_build(session: number, length: number): number
  reply_read(session: number, message: number, status: number, head: number,
    body: number): number
  outcome_read(session: number, message: number, status: number, head: number,
    body: number): number
  answer_text(field: number): number
  answer_number(field: number, otherwise: number): number
  token_life_ms(length: number, nowS: number): number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The core's memory never grows, so the views stay good. */
export class Core {
  readonly numbers: Float64Array
  private readonly text: Uint8Array
  private readonly memory: Uint8Array
  private readonly out: Uint32Array

  constructor(readonly c: CoreExports) {
    const { buffer } = c.memory
    this.memory = new Uint8Array(buffer)
    this.text = new Uint8Array(buffer, c.text(), Limit.TEXT_SIZE)
    this.out = new Uint32Array(buffer, c.out(), 128)
    this.numbers = new Float64Array(buffer, c.number(), Limit.NUMBER_COUNT)
  }

  /** Gives a session its dialect: an image, as make/image.mjs makes it. */
  load(session: number, image: string): void {
    readImage(image, this.memory, this.c.dialect_image(session), Limit.IMAGE_SIZE)
  }

  /** Writes text at an offset; the bytes written, or -1 where it does not fit. */
  write(text: string, offset = 0): number {
    const { read, written } = encoder.encodeInto(text, this.text.subarray(offset))
    return read === text.length ? written! : -1
  }

  writeBytes(bytes: Uint8Array, offset = 0): void {
    this.text.set(bytes, offset)
  }

  /** The text that out's pair number `index` names. */
  read(index = 0): string {
    return decoder.decode(this.readBytes(index))
  }

  readBytes(index = 0): Uint8Array {
    const at = this.out[2 * index]
    return this.memory.subarray(at, at + this.out[2 * index + 1])
  }

  /** out as a list, from a pair on, until one of address 0. */
  readList(from: number): string[] {
    const list = []
    for (let i = from; this.out[2 * i] !== 0; i++) list.push(this.read(i))
    return list
  }

  /** The fields of the next message; false where they do not fit. */
  give(fields: Partial<Record<Field, string | number | null>>): boolean {
    let offset = 0
    this.c.fields_clear()
    for (const [key, value] of Object.entries(fields)) {
      const field = Number(key)
      if (value === null) {
        this.c.field_null(field)
      } else if (typeof value === 'number') {
        this.c.field_number(field, value)
      } else if (value !== undefined) {
        const length = this.write(value, offset)
        if (length < 0) return false
        this.c.field_text(field, offset, length)
        offset += length
      }
    }
    return true
  }

  /** What the last answer said of a field, or undefined. */
  answer(field: Field): string | undefined {
    return this.c.answer_text(field) === 1 ? this.read() : undefined
  }

  set(number: Num, value: number): void {
    this.numbers[number] = value
  }

  get(number: Num): number {
    return this.numbers[number]
  }
}

let loading: Promise<Core> | undefined

/** One core for the whole page, loaded at the first use. */
export function loadCore(): Promise<Core> {
  loading ??= instance(packed).then((exports) => new Core(exports as unknown as CoreExports))
  return loading
}
