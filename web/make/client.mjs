// What a client needs of a dialect: the messages it sends, and of the answers what
// the package asks of them (verdict, and why a session ended). A server words an
// answer for each field; one that says as much for a client is enough.
export const messages = ['sign_up', 'sign_in', 'sign_in_cookie', 'refresh', 'refresh_cookie',
  'sign_out', 'sign_out_cookie', 'me']
const forServers = ['$schema', 'about', 'mount', 'preflight', 'jwt', 'accepts', 'client_default',
  'headers', 'reads', 'merge', 'json_type', 'text_type']
const DENIED = 6 // enum verdict of core/dialect.h
const withKind = [2, 3] // VERDICT_REFUSED, VERDICT_PROTOCOL

function list(value) {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** `{*:text}` matches anything: its text is for writers. */
function withoutWordings(value) {
  if (typeof value === 'string') return value.replace(/\{\*:[^}]*\}/g, '{*:}')
  if (Array.isArray(value)) return value.map(withoutWordings)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutWordings(inner)]))
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const blanks = (value) => (JSON.stringify(value).match(/\{\w+\??\}/g) ?? [])

/** Whatever fits the body `narrow` fits `wide` as well. */
function covers(wide, narrow) {
  if (wide === '{*:}') return narrow !== undefined
  if (!isObject(wide) || !isObject(narrow)) return JSON.stringify(wide) === JSON.stringify(narrow)
  return Object.keys(wide).every((key) => covers(wide[key], narrow[key]))
}

/** Nothing fits both: they give one member two texts. */
function differ(a, b) {
  if (typeof a === 'string' && typeof b === 'string') return !a.includes('{') && !b.includes('{') && a !== b
  if (!isObject(a) || !isObject(b)) return false
  return Object.keys(a).some((key) => key in b && differ(a[key], b[key]))
}

function sharesStatus(a, b) {
  return a.status.some((status) => b.status.includes(status))
}

/** Which of the two comes first makes a difference to a client. */
function collide(a, b) {
  if (a.verdict === b.verdict && !withKind.includes(a.verdict)) return false
  return sharesStatus(a, b) && (a.isText || b.isText || a.bodies.length === 0 || b.bodies.length === 0 ||
    a.bodies.some((one) => b.bodies.some((other) => !differ(one, other))))
}

function covered(rule, other) {
  return rule.says === other.says && !rule.isText && !other.isText && rule.bodies.length > 0 &&
    rule.status.every((status) => other.status.includes(status)) &&
    rule.bodies.every((body) => other.bodies.some((wide) => covers(wide, body))) &&
    blanks(rule.bodies).every((blank) => blanks(other.bodies).includes(blank))
}

/** Without the rules that a later one makes needless. */
function withoutNeedless(rules) {
  return rules.filter((rule, at) => !rules.some((other, to) => to > at && covered(rule, other) &&
    !rules.slice(at + 1, to).some((between) => collide(rule, between))))
}

/** Rules that say the same become one, of several bodies. */
function joined(rules) {
  const kept = []
  for (const rule of rules) {
    const at = kept.findIndex((other) => other.says === rule.says && !rule.isText && !other.isText &&
      rule.bodies.length > 0 && other.bodies.length > 0 && `${other.status}` === `${rule.status}`)
    if (at < 0 || kept.slice(at + 1).some((between) => collide(rule, between))) kept.push(rule)
    else kept[at] = { ...kept[at], bodies: [...kept[at].bodies, ...rule.bodies] }
  }
  return kept
}

/** In place of `missing.username`: which field it is about, a client does not ask. */
const deniedNames = ['invalid', 'missing', 'null', 'blank', 'wrong_type', 'taken', 'too_short', 'too_long',
  'too_common', 'all_digits', 'too_like', 'unknown_role', 'unknown_user', 'too_large', 'length_required']

function named(rules) {
  const free = deniedNames.filter((name) => !rules.some((rule) => rule.name === name))
  return rules.map((rule) => {
    if (rule.verdict !== DENIED || rule.isOurs || !rule.name.includes('.')) return rule
    if (free.length === 0) throw new Error(`no name is left for ${rule.name}`)
    return { ...rule, name: free.shift() }
  })
}

function ruleOf(loader, asked, name, reply) {
  const [kind, field] = name.split('.')
  const { status, body, text } = withoutWordings(reply)
  const { written } = new TextEncoder().encodeInto(name, new Uint8Array(loader.memory.buffer, loader.text(0)))
  const verdict = loader.verdict(written)
  const isOurs = isAsked(asked, field)
  return {
    name,
    verdict,
    isOurs,
    says: `${verdict} ${withKind.includes(verdict) ? kind : ''} ${isOurs}`,
    status: list(status),
    isText: text !== undefined,
    bodies: list(text ?? body)
  }
}

function readPart(loader, asked, replies) {
  if (typeof replies === 'string') return replies
  const rules = Object.entries(replies).map(([name, reply]) => ruleOf(loader, asked, name, reply))
  return Object.fromEntries(named(joined(withoutNeedless(rules))).map(({ name, status, isText, bodies }) => [name, {
    status,
    ...(bodies.length > 0 && { [isText ? 'text' : 'body']: bodies.length === 1 && !Array.isArray(bodies[0]) ? bodies[0] : bodies })
  }]))
}

/** The blanks of refreshes: an answer that finds fault with one is our mistake. */
export function askedByRefresh({ messages }) {
  return blanks([messages.refresh?.request, messages.refresh_cookie?.request])
}

export function isAsked(asked, field) {
  return asked.includes(`{${field}}`) || asked.includes(`{${field}?}`)
}

export function clientPart(loader, dialect) {
  const part = { ...dialect, messages: {} }
  const asked = askedByRefresh(dialect)
  for (const name of forServers) delete part[name]
  if (dialect.errors !== undefined) part.errors = readPart(loader, asked, dialect.errors)
  for (const name of messages) {
    if (dialect.messages[name] === undefined) continue
    const { allow, ours, needs, ...message } = dialect.messages[name]
    part.messages[name] = { ...message, ...(needs && { needs }), replies: readPart(loader, asked, message.replies) }
  }
  return part
}
