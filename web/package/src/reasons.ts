// The core's numbers for why something ended, as the words of the public side.
import { Why } from '#core/constants'
import type { StayReason } from './errors'

const words: Partial<Record<Why, StayReason>> = {
  [Why.SIGNED_OUT]: 'signed-out',
  [Why.UNKNOWN]: 'unknown',
  [Why.REVOKED]: 'revoked',
  [Why.EXPIRED]: 'expired',
  [Why.DISABLED]: 'disabled',
  [Why.REUSE]: 'reuse',
  [Why.SERVER_LOST]: 'server-lost',
  [Why.REPLY_LOST]: 'reply-lost',
  [Why.REFUSED]: 'refused',
  [Why.NO_CONNECTION]: 'no-connection',
  [Why.NO_ANSWER]: 'no-answer',
  [Why.UNAVAILABLE]: 'unavailable',
  [Why.NOT_THE_SERVER]: 'not-the-server',
  [Why.UNRECOGNISED]: 'unrecognised',
  [Why.CONFIG]: 'config',
  [Why.BUDGET]: 'budget',
  [Why.VAULT]: 'storage',
  [Why.BUSY]: 'busy'
}

export function reasonOf(why: Why): StayReason {
  return words[why] ?? ''
}
