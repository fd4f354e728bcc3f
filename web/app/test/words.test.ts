// Rules of passwords, failures in sentences, and what a token says.
import { describe, expect, test } from 'vitest'
import { StayError } from '@stay/web'
import { isLongEnough, passwordRules } from '@/password'
import { counted, failureOf, listed, problemOf } from '@/say'
import { claimList, claimsOf, lifeOf } from '@/token'

describe('a password', () => {
  const rows = [
    { name: '7 characters are too few', text: 'a'.repeat(7), good: false },
    { name: '8 are enough', text: 'a'.repeat(8), good: true },
    { name: '256 are not too many', text: 'a'.repeat(256), good: true },
    { name: '257 are', text: 'a'.repeat(257), good: false },
    { name: 'a sign beyond 16 bits is one character: 7 of them', text: '🔑'.repeat(7), good: false },
    { name: '8 of them', text: '🔑'.repeat(8), good: true },
    { name: 'spaces count', text: ' '.repeat(8), good: true }
  ]

  test.each(rows)('$name', ({ text, good }) => { expect(isLongEnough(text)).toBe(good) })

  test('how far it is, is told while it is typed', () => {
    expect(passwordRules('abc')[0]).toMatchObject({ state: 'open', count: '3 of 8' })
    expect(passwordRules('abcdefgh')[0]).toMatchObject({ state: 'kept', count: '' })
    expect(passwordRules('a'.repeat(257))[1]).toMatchObject({ state: 'broken', count: '257' })
  })
})

describe('a failure', () => {
  const rows = [
    { name: 'in the server’s words', error: { response: { status: 403, data: { message: 'No.' } } }, message: 'No.' },
    { name: 'with a field', error: { response: { status: 400, data: { message: 'Bad.', fields: { title: ['Too long.'] } } } }, message: 'Bad.', fields: { title: ['Too long.'] } },
    { name: '503 as a page', error: { response: { status: 503, data: '<h1>Sorry</h1>' } }, message: 'The server is busy at the moment. Try again.' },
    { name: 'a status of no meaning', error: { response: { status: 418 } }, message: 'The server answered 418. Try again.' },
    { name: 'no network', error: { code: 'ERR_NETWORK', message: 'Network Error' }, message: 'The server cannot be reached. Look at your connection, and try again.' },
    { name: 'the session is renewed later', error: { code: 'STAY_TRY_LATER', message: 'The server did not answer.' }, message: 'The server did not answer. You stay signed in: try again in a moment.' },
    { name: 'the session ended', error: { code: 'STAY_SIGN_IN', message: 'This account is disabled.' }, message: 'This account is disabled. Sign in to go on.' },
    { name: 'of the session’s own', error: new StayError('STAY_REFUSED', 'refused', 'Taken.', 409, { username: ['Taken.'] }), message: 'Taken.', fields: { username: ['Taken.'] }, refused: true },
    { name: 'of the session’s own, that passes', error: new StayError('STAY_TRY_LATER', 'no-answer'), message: 'The server did not answer. Try again in a moment.', refused: false }
  ]

  test.each(rows)('$name', ({ error, message, fields = {}, refused }) => {
    expect(failureOf(error)).toEqual({ message, fields, refused })
  })

  test.each([
    ['of fetch, in the browser’s words', new TypeError('Failed to fetch'), 'The server cannot be reached. Look at your connection, and try again.'],
    ['of the session, in its own', new StayError('STAY_SIGN_IN', 'disabled'), 'This account is disabled.']
  ])('%s', (_, error, message) => {
    expect(problemOf(error)).toBe(message)
  })
})

test.each([[[], ''], [['a'], 'a'], [['a', 'b'], 'a and b'], [['a', 'b', 'c'], 'a, b and c']])('a list as a sentence has it: %j', (words, text) => {
  expect(listed(words)).toBe(text)
})

test.each([[0, '0 tabs'], [1, '1 tab'], [1000, '1,000 tabs']])('%i of something', (count, text) => {
  expect(counted(count, 'tab')).toBe(text)
})

function tokenOf(claims: object): string {
  return `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`
}

describe('a token', () => {
  test('its claims are read, in any script', () => {
    expect(claimsOf(tokenOf({ sub: 'Łódź', roles: ['user', 'admin'] }))).toEqual({ sub: 'Łódź', roles: ['user', 'admin'] })
  })

  test.each(['', 'opaque', 'a.b.c', 'x.bnVsbA.y'])('one without claims has none: %j', (token) => {
    expect(claimsOf(token)).toEqual({})
  })

  test('they are shown as people read them', () => {
    expect(claimList({ roles: ['user', 'admin'], own: { a: 1 } })).toEqual([
      { name: 'roles', value: 'user, admin', meaning: 'what you may do' },
      { name: 'own', value: '{"a":1}', meaning: '' }
    ])
  })

  test.each([[{ iat: 10, exp: 310 }, 300], [{ exp: 310 }, 0], [{ iat: 10, exp: 5 }, 0], [{ iat: '10', exp: 310 }, 0]])('%j lives %i s', (claims, seconds) => {
    expect(lifeOf(claims)).toBe(seconds)
  })
})
