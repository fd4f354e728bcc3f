// The commonest mistake of all: the back end speaks another dialect. Looked into
// only once an answer fits no words of ours; the other dialects are then loaded.
import { Message, Verdict } from '#core/constants'
import { StayError } from './errors'
import type { Host } from './host'
import type { Told } from './talk'
import { failure } from './talk'

/** The families whose words an answer fits. */
async function familiesOf(host: Host, message: Message, told: Told): Promise<string[]> {
  const { default: dialects } = await import('#core/dialects/all')
  const { core } = host
  const id = core.c.open(0)
  const found: string[] = []
  if (id < 0) return found
  for (const [name, image] of Object.entries(dialects)) {
    if (name === host.dialect) continue
    core.load(id, image)
    const head = Math.max(core.write(told.head), 0)
    const body = Math.max(core.write(told.body, head), 0)
    const verdict = core.c.reply_read(id, message, told.status, head, body) & 0xff
    if (verdict !== Verdict.NONE && verdict !== Verdict.LATER) found.push(name)
  }
  core.c.close(id)
  return found
}

/** What an answer that grants nothing means; names the family that it fits. */
export async function diagnosed(host: Host, message: Message, told: Told): Promise<StayError> {
  const error = failure(told)
  if (error.code !== 'STAY_BAD_REPLY') return error
  const plain = message === Message.SIGN_IN_COOKIE ? Message.SIGN_IN : message
  const found = await familiesOf(host, plain, told).catch(() => [])
  if (found.length === 0) return error
  const list = found.join(' or ')
  return new StayError('STAY_WRONG_DIALECT', 'unrecognised',
    `This back end does not speak '${host.dialect}': its answer is in the words of ${list}. Give createStay that dialect.`, told.status)
}
