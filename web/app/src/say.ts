// What went wrong, as a sentence for the person and a list per field of a form.
import { StayError } from '@stay/web'

export interface Failure {
  message: string
  /** Each field's name and what is wrong with it. */
  fields: Record<string, string[]>
  /** The server has seen it and said no; otherwise the same may do later. */
  refused?: boolean
}

interface FromAxios {
  code?: string
  message?: string
  response?: { status: number, data?: unknown }
}

interface Told {
  message?: string
  fields?: Record<string, string[]>
}

const byStatus: Record<number, string> = {
  403: 'Your account may not do that.',
  404: 'That is not there any more.',
  429: 'Too many tries. Wait a little, and try again.',
  502: 'The server is not available at the moment. Try again.',
  503: 'The server is busy at the moment. Try again.',
  504: 'The server is not available at the moment. Try again.'
}

const unreachable = 'The server cannot be reached. Look at your connection, and try again.'

function readTold(data: unknown): Told {
  return typeof data === 'object' && data !== null ? data as Told : {}
}

/** Where the session's own reason is known, a sentence that says what follows. */
function sayStay(error: { message?: string, code?: string, reason?: string }): string {
  const message = error.message ?? ''
  if (error.code === 'STAY_TRY_LATER') return `${message} You stay signed in: try again in a moment.`
  if (error.code === 'STAY_SIGN_IN') return `${message} Sign in to go on.`
  return message
}

/** Of what was asked of the session itself. */
function sayOwn({ code, message }: StayError): string {
  return code === 'STAY_TRY_LATER' ? `${message} Try again in a moment.` : message
}

export function failureOf(error: unknown): Failure {
  if (error instanceof StayError) return { message: sayOwn(error), fields: error.fields ?? {}, refused: error.code === 'STAY_REFUSED' }
  const { response, code, message } = error as FromAxios
  if (code?.startsWith('STAY_') === true) return { message: sayStay(error as Error), fields: {} }
  if (response === undefined) {
    return { message: code === 'ERR_NETWORK' ? unreachable : message ?? 'Something went wrong in this page.', fields: {} }
  }
  const told = readTold(response.data)
  return {
    message: told.message ?? byStatus[response.status] ?? `The server answered ${response.status}. Try again.`,
    fields: told.fields ?? {}
  }
}

/** Of what fetch rejects with, whose own words are the browser's. */
export function problemOf(error: unknown): string {
  return error instanceof TypeError ? unreachable : (error as Error).message
}

/** A list as a sentence has it: 'user, moderator and admin'. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
