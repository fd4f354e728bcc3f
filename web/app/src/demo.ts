// Is this `stayd --demo`? Then it has switches for what goes wrong in life, and
// people whose passwords everybody knows.
import { ref } from 'vue'
import { server } from './session'

/** Known before a page is shown that speaks of it; false from another port. */
export const isDemo = ref(false)

export const people = [
  { name: 'ada', password: 'lovelace', what: 'a user' },
  { name: 'max', password: 'quantum-1900', what: 'a moderator' },
  { name: 'root', password: 'toor-toor', what: 'an administrator' }
]

let asked: Promise<void> | undefined

async function ask(): Promise<void> {
  if (server !== location.origin) return
  // Where there is no such path, whoever answers names no POST here.
  const { headers } = await fetch('/demo/expire', { method: 'OPTIONS' })
  isDemo.value = headers.get('Allow') === 'POST'
}

/** Asks once, before the first page that wants to know. */
export async function findDemo(): Promise<void> {
  asked ??= ask().catch(() => { asked = undefined })
  await asked
}
