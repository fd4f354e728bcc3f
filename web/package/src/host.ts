// One session in one page: asks the core what to do, and does it. All decisions
// are the core's; this file keeps the token's text, the timer and who waits.
import { Cause, Fact, Num, State, Todo, Why } from '#core/constants'
import type { Core } from './core'
import { loadCore } from './core'
import { now } from './clock'
import type { StayCode } from './errors'
import { StayError } from './errors'
import { reasonOf } from './reasons'
import { Events } from './events'
import type { Options } from './options'
import { isHidden, watchPage } from './page'
import { mayRecall, recall } from './recall'
import { fly, shareBudget } from './refresh'
import { readMe, tellSignOut } from './account'
import type { TabMessage, Token } from './tabs'
import { Tabs } from './tabs'
import type { Entry, Vault } from './vault'
import { noEntry, openVault } from './vault'
import type { Patience } from './waiting'
import { timerMs, Waiting } from './waiting'

/** So long a tab is given to hand over its token. */
const siblingMs = 250

const whyOf: Partial<Record<Cause, Why>> = {
  [Cause.BY_REFUSAL]: Why.REFUSED,
  [Cause.BY_SERVER]: Why.UNAVAILABLE,
  [Cause.BY_NETWORK]: Why.NO_CONNECTION,
  [Cause.BY_LOST_REPLY]: Why.NO_ANSWER,
  [Cause.BY_BAD_REPLY]: Why.UNRECOGNISED,
  [Cause.BY_CONFIG]: Why.CONFIG,
  [Cause.BY_BUDGET]: Why.BUDGET
}

export class Host {
  core!: Core
  id = -1
  facts = 0
  dialect = ''
  base = ''
  header = ''
  readonly vault: Vault
  readonly tabs: Tabs
  readonly events = new Events()
  /** The vault as last seen. */
  entry: Entry = noEntry
  token?: Token
  /** A refresh of this page is out, or a question. */
  flying?: Promise<void>
  opened = false
  /** Methods and addresses of the session's own messages; send.ts makes them. */
  ownTargets?: Set<string>
  /** Where tokens go; send.ts fills it. */
  readonly places = new Map<string, number>()
  private shown?: { access: string, header: [string, string] }
  private listening = false
  private begun?: Promise<void>
  private readonly waiting = new Waiting()
  private watchers = new Set<() => void>()
  private unwatch?: () => void
  private timer?: ReturnType<typeof setTimeout>
  private siblings?: (token: Token) => void

  constructor(readonly options: Options) {
    const key = `${options.baseURL}|${options.dialectName}`
    this.vault = openVault(options.storage, key)
    this.tabs = new Tabs(`stay:${key}`, (message) => { this.hear(message).catch(() => {}) })
    this.opening.catch(() => {}) // told to whoever asks
  }

  /** What failed is tried again by who asks next: storage may be there by then. */
  get opening(): Promise<void> {
    this.begun ??= this.open().catch((error: unknown) => {
      this.begun = undefined
      throw error
    })
    return this.begun
  }

  private async open(): Promise<void> {
    if (this.id < 0) await this.load()
    await this.sync()
    this.listening = true
    if (mayRecall(this, this.entry)) await recall(this, this.entry)
    else await this.askSiblings(this.entry.generation)
    if (this.lacksUser) await readMe(this)
    this.opened = true
    this.watch()
    this.changed()
    if (this.entry.signOutDue) void tellSignOut(this).catch(() => {}) // next time
  }

  private async load(): Promise<void> {
    const image = await this.options.dialectImage()
    const core = await loadCore()
    this.core = core
    const id = core.c.open(this.options.earlyMs)
    if (id < 0) throw new StayError('STAY_BAD_CONFIG', 'config', 'too many sessions are open in this page')
    try {
      this.readDialect(id, image)
    } catch (error) {
      core.c.close(id)
      throw error
    }
    this.id = id
  }

  private readDialect(id: number, image: string): void {
    const { core } = this
    core.load(id, image)
    this.facts = core.c.dialect_facts(id)
    this.dialect = core.read(0)
    this.base = this.options.baseFor(core.read(1))
    this.header = core.read(2)
    if (this.options.mode === 'cookie' && !this.has(Fact.HAS_COOKIE_MODE)) {
      throw new StayError('STAY_BAD_CONFIG', 'config', `the dialect '${this.dialect}' has no cookie mode: use mode 'storage'`)
    }
  }

  has(fact: Fact): boolean {
    return (this.facts & fact) !== 0
  }

  get cookie(): boolean {
    return this.options.mode === 'cookie'
  }

  get state(): State {
    return this.opened ? this.core.c.state(this.id) : State.SIGNED_OUT
  }

  close(): void {
    this.opened = false
    clearTimeout(this.timer)
    this.unwatch?.()
    this.tabs.close()
    if (this.id >= 0) this.core.c.close(this.id)
    this.begun = Promise.reject(new StayError('STAY_BAD_CONFIG', 'config', 'This session was closed: createStay makes another.'))
    this.begun.catch(() => {}) // told to whoever asks
  }

  // ---- The clock and the answers of the core ----

  private tick(): Core {
    this.core.set(Num.NOW_MS, now())
    this.core.set(Num.RANDOM, Math.floor(Math.random() * 2 ** 32))
    return this.core
  }

  /** Before every engine call: what time it is. */
  get engine(): Core['c'] {
    return this.tick().c
  }

  /** After every engine call: starts what is to be started. */
  note(todo: number): number {
    if (todo === Todo.SEND) return todo // as it was
    if ((todo & Todo.WAKE) !== 0) this.waiting.wake()
    if ((todo & Todo.START) !== 0) {
      const number = this.core.get(Num.NUMBER)
      void this.inLine(() => fly(this, number))
    }
    this.setTimer()
    this.changed()
    return todo
  }

  /** One at a time: they share the core's record. */
  inLine(work: () => Promise<void>): Promise<void> {
    const turn = (this.flying ?? Promise.resolve()).then(work)
    this.flying = turn
    void turn.then(() => { if (this.flying === turn) this.flying = undefined })
    return turn
  }

  private get lacksUser(): boolean {
    return this.isLive(this.entry) && this.entry.user === undefined && this.left() > 0
  }

  private setTimer(): void {
    clearTimeout(this.timer)
    const deadline = this.core.c.deadline_ms(this.id)
    // A page that nobody looks at renews when it is looked at, or asks.
    if (isHidden() || deadline === Infinity || typeof document === 'undefined') return
    this.timer = setTimeout(() => { this.note(this.engine.tick(this.id)) }, timerMs(deadline))
  }

  private watch(): void {
    this.setTimer()
    this.unwatch = watchPage({
      online: () => { this.wake().catch(() => {}) },
      shown: () => this.follow(),
      turned: () => this.setTimer()
    })
  }

  /** The network is back: the rest was for that, and nobody need ask first. */
  private async wake(): Promise<void> {
    if (this.state === State.RESTING) {
      this.core.c.budget_wake(this.id)
      await this.vault.change((entry) => shareBudget(this, entry))
    }
    this.note(this.engine.tick(this.id))
    if (this.entry.signOutDue) await tellSignOut(this)
    if (mayRecall(this, this.entry)) await recall(this, this.entry)
    else if (this.lacksUser) await readMe(this)
  }

  // ---- What others did: the vault and the tabs ----

  isLive(entry: Entry): boolean {
    return entry.signIn > 0 && entry.ended === Why.NONE
  }

  private setTokens(entry: Entry): void {
    const held = this.token?.signIn === entry.signIn && this.token.generation === entry.generation
    this.core.set(Num.GENERATION, entry.generation)
    // Without its text a token is as good as expired.
    this.core.set(Num.LIFE_MS, held ? entry.lifeMs : 1)
    this.core.set(Num.RECEIVED_MS, held ? entry.receivedMs : now() - 2000)
  }

  /** Follows the vault. */
  adopt(entry: Entry): void {
    const before = this.entry
    const wasLive = this.isLive(before)
    // Cleared while this page is open: what it knows holds until that is asked.
    if (wasLive && mayRecall(this, entry)) {
      void recall(this, entry)
      return
    }
    this.entry = entry
    if (entry.access !== undefined) this.token = tokenOf(entry, entry.access)
    if (!this.isLive(entry)) {
      this.token = undefined
      if (wasLive) {
        this.note(this.engine.signed_out(this.id))
        this.events.send({ kind: 'signed-out', reason: reasonOf(entry.ended) })
      }
      this.changed()
      return
    }
    const { c } = this.tick()
    this.setTokens(entry)
    if (!wasLive || before.signIn !== entry.signIn) {
      if (before.signIn !== entry.signIn && this.token?.signIn !== entry.signIn) this.token = undefined
      this.note(c.signed_in(this.id))
      if (this.opened) this.events.send({ kind: 'signed-in', generation: entry.generation })
    } else if (entry.generation > c.generation(this.id) && this.token?.generation === entry.generation) {
      this.note(c.changed(this.id))
      this.events.send({ kind: 'adopted', generation: entry.generation })
    }
    this.changed()
  }

  /** Reads the vault and adopts what is there. */
  async sync(): Promise<void> {
    this.adopt(await this.vault.read())
  }

  /** Reads the vault where nobody waits for it: what fails is met again. */
  private follow(): void {
    this.sync().catch(() => {})
  }

  private async hear(message: TabMessage): Promise<void> {
    if (!this.listening) return // it will read the vault itself
    if (message.kind === 'ask') {
      if (this.token?.signIn === message.signIn && this.left() > 0) {
        this.tabs.tell({ kind: 'token', token: this.token })
      }
    } else if (message.kind === 'token') {
      this.take(message.token)
    } else {
      await this.sync()
      if (this.isLive(this.entry) && this.token === undefined) await this.askSiblings(this.entry.generation)
    }
  }

  /** A token that another tab handed over. */
  private take(token: Token): void {
    if (token.signIn !== this.entry.signIn || token.generation <= (this.token?.generation ?? 0)) return
    this.token = token
    this.siblings?.(token)
    const { generation, lifeMs, receivedMs } = token
    // The vault's own text, if it has one, is older.
    const access = this.entry.access === undefined ? undefined : token.access
    this.adopt({ ...this.entry, generation, lifeMs, receivedMs, access })
    const { c } = this.tick()
    // The engine may know its number already, but not that there is a text.
    if (c.generation(this.id) === generation && this.left() <= 0) {
      this.setTokens(this.entry)
      this.note(c.signed_in(this.id))
    }
  }

  /** Asks the other tabs for a token of at least this generation; waits a moment. */
  async askSiblings(generation: number): Promise<void> {
    if (!this.isLive(this.entry) || this.tabs.alone) return
    if ((this.token?.generation ?? 0) >= generation) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, siblingMs)
      this.siblings = () => { clearTimeout(timer); resolve() }
      this.tabs.tell({ kind: 'ask', signIn: this.entry.signIn })
    })
    this.siblings = undefined
  }

  // ---- Asking ----

  left(): number {
    return this.engine.left_ms(this.id)
  }

  /** Why the engine said no. */
  refusal(todo: number): StayError {
    const cause: Cause = todo >>> 16
    const detail = this.core.get(Num.DETAIL)
    let code: StayCode = 'STAY_SIGN_IN'
    let why: Why = detail !== 0 ? detail : whyOf[cause] ?? Why.NONE
    if (cause === Cause.BY_SIGN_OUT || cause === Cause.BY_REFUSAL) why = this.entry.ended
    else if (cause === Cause.BY_CONFIG) code = 'STAY_BAD_CONFIG'
    else if ((todo & Todo.FAIL_LATER) !== 0) code = 'STAY_TRY_LATER'
    else if (cause === Cause.BY_BAD_REPLY) code = 'STAY_BAD_REPLY'
    return new StayError(code, reasonOf(why))
  }

  /** What is to become of a request now. */
  ask(request: number): number {
    return this.note(this.engine.ask(request))
  }

  /** With what ask() said: until it may be sent; rejects where it may not. */
  async permit(request: number, patience: Patience, asked = this.ask(request)): Promise<void> {
    let todo = asked
    while ((todo & Todo.SEND) === 0) {
      if ((todo & Todo.WAIT) === 0) throw this.refusal(todo)
      if (!await this.waiting.wait(patience)) {
        throw new StayError('STAY_TRY_LATER', 'no-answer', 'The session was not renewed in time.')
      }
      todo = this.ask(request)
    }
  }

  /** Name and value of the header that shows the token. */
  authorization(): [string, string] {
    const access = this.token?.access ?? ''
    if (this.shown?.access !== access) this.shown = { access, header: this.buildHeader(access) }
    return this.shown.header
  }

  private buildHeader(access: string): [string, string] {
    const { core } = this
    const length = core.write(access)
    if (length < 0 || core.c.access_build(this.id, length) !== 0) return [this.header, '']
    return [core.read(0), core.read(1)]
  }

  /** This page got a token: every tab may have it. */
  show(token: Token): void {
    this.token = token
    this.tabs.tell({ kind: 'token', token })
  }

  // ---- Whoever shows the state ----

  subscribe(watcher: () => void): () => void {
    this.watchers.add(watcher)
    return () => { this.watchers.delete(watcher) }
  }

  changed(): void {
    for (const watcher of [...this.watchers]) watcher()
  }

  get limitMs(): number {
    return this.options.limitMs
  }

  patience(signal?: AbortSignal | null, limitMs = this.limitMs): Patience {
    return { signal, until: now() + limitMs }
  }
}

export function tokenOf(entry: Entry, access: string): Token {
  const { signIn, generation, lifeMs, receivedMs } = entry
  return { signIn, generation, access, lifeMs, receivedMs }
}
