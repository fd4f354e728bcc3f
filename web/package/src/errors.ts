// Why something failed: for programs a code, for people a sentence.
export type StayCode =
  /** No session, or it ended: ask the person. */
  | 'STAY_SIGN_IN'
  /** Network or server trouble; the session is still good. */
  | 'STAY_TRY_LATER'
  /** The answer fits no words of this dialect, but those of another. */
  | 'STAY_WRONG_DIALECT'
  /** The answer fits no words of this dialect. */
  | 'STAY_BAD_REPLY'
  /** The server refuses this client as it is set up, or the set-up is wrong. */
  | 'STAY_BAD_CONFIG'
  /** Refused in the server's words: a wrong password, a name that is taken. */
  | 'STAY_REFUSED'

export type StayReason =
  | 'signed-out' | 'unknown' | 'revoked' | 'expired' | 'disabled' | 'reuse'
  | 'server-lost' | 'reply-lost' | 'refused' | 'no-connection' | 'no-answer'
  | 'unavailable' | 'not-the-server' | 'unrecognised' | 'config' | 'budget'
  | 'storage' | 'busy' | ''

const texts: Record<StayReason, string> = {
  '': 'Nobody is signed in.',
  'signed-out': 'You signed out.',
  'unknown': 'The server does not know this session any more.',
  'revoked': 'This session was ended from another device, or by an administrator.',
  'expired': 'This session was not used for too long, or reached its end.',
  'disabled': 'This account is disabled.',
  'reuse': 'Somebody else used this session, so it was ended.',
  'server-lost': 'The server lost this session.',
  'reply-lost': 'An answer got lost, and the server refused to repeat it.',
  'refused': 'The server ended this session.',
  'no-connection': 'The server cannot be reached.',
  'no-answer': 'The server did not answer.',
  'unavailable': 'The server is not available at the moment.',
  'not-the-server': 'Something between here and the server answered instead of it.',
  'unrecognised': 'The server answers in words that are not understood.',
  'config': 'The server refuses this app as it is set up.',
  'budget': 'Renewing the session failed too often lately.',
  'storage': 'The browser’s storage cannot be used.',
  'busy': 'Another tab is renewing the session.'
}

/** A sentence for people. */
export function reasonText(reason: StayReason): string {
  return texts[reason] ?? reason
}

export interface FailureFields {
  /** The field of a form and what is wrong with it. */
  [field: string]: string[]
}

/** What stay.fetch and the session's own calls reject with. */
export class StayError extends Error {
  override readonly name = 'StayError'

  constructor(
    readonly code: StayCode,
    readonly reason: StayReason,
    message: string = reasonText(reason),
    /** HTTP status, if a server answered. */
    readonly status?: number,
    /** Where the server says which fields are wrong. */
    readonly fields?: FailureFields
  ) {
    super(message)
  }
}
