// Where a session rests between pages: one entry, changed by read, decide and
// write in one step that no other tab can break into.
import { Why } from '#core/constants'
import { StayError } from './errors'
import type { Happening, StorageLike, User } from './api'

export interface Entry {
  version: 1
  /** Counts sign-ins; 0: nobody has signed in yet. */
  signIn: number
  ended: Why
  /** Ended here, and the server does not know yet. */
  signOutDue: boolean
  user?: User
  /** Of the access token; grows with every change of it. */
  generation: number
  lifeMs: number
  receivedMs: number
  /** Committed rotation, as src/wasm/record.c writes it. */
  record?: string
  /** Mode `storage` with any other rotation. */
  refresh?: string
  /** Mode `storage` only. */
  access?: string
  /** Cookie mode: the cookie may be of a session that is not known here. */
  unsure?: boolean
  /** Then: what begins anew of it, as `record`. */
  line?: string
  /** `refresh` was sent, and no answer kept since. */
  unanswered?: boolean
  budget: string
  log: Happening[]
}

export const noEntry: Entry = {
  version: 1, signIn: 0, ended: Why.NONE, signOutDue: false, unsure: true,
  generation: 0, lifeMs: 0, receivedMs: 0, budget: '', log: []
}

export interface Vault {
  read(): Promise<Entry>
  /**
   * Gives the entry as it is now to `decide`, which may change it and says
   * whether it is to be saved. Resolves once that is durable. `decide` must not
   * wait for anything.
   */
  change(decide: (entry: Entry) => boolean): Promise<void>
}

const pages = new Map<string, Entry>()

function copy(entry: Entry | undefined): Entry {
  return JSON.parse(JSON.stringify(entry ?? noEntry)) as Entry
}

function memoryVault(key: string): Vault {
  return {
    async read() {
      return copy(pages.get(key))
    },
    async change(decide) {
      const entry = copy(pages.get(key))
      if (decide(entry)) pages.set(key, entry)
    }
  }
}

function failed(cause: unknown): StayError {
  const error = new StayError('STAY_TRY_LATER', 'storage')
  ;(error as { cause?: unknown }).cause = cause
  return error
}

function parse(text: string | null | undefined): Entry {
  try {
    const entry = JSON.parse(text ?? 'null') as Entry | null
    if (entry !== null && entry.version === 1) return entry
  } catch {
    // What is no entry of ours is none.
  }
  return copy(undefined)
}

/** Blocked by the person, or full. */
function trying<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw failed(cause)
  }
}

function storageVault(storage: StorageLike, key: string): Vault {
  const get = () => parse(trying(() => storage.getItem(key)))
  return {
    async read() {
      return get()
    },
    async change(decide) {
      const entry = get()
      if (decide(entry)) trying(() => storage.setItem(key, JSON.stringify(entry)))
    }
  }
}

const storeName = 'sessions'

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('stay', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(storeName)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(failed(request.error))
    request.onblocked = () => reject(failed('blocked'))
  })
}

/**
 * IndexedDB: its transactions are the only storage of a browser in which tabs
 * cannot overtake each other, and `strict` waits for the disk.
 */
function databaseVault(key: string): Vault {
  let opening: Promise<IDBDatabase> | undefined

  function database(): Promise<IDBDatabase> {
    opening ??= openDatabase().then((db) => {
      // Another page clears the site's data, or a later version wants it.
      const forget = () => { opening = undefined }
      db.onclose = forget
      db.onversionchange = () => { db.close(); forget() }
      return db
    }, (error) => { opening = undefined; throw error })
    return opening
  }

  async function run(mode: IDBTransactionMode,
    decide: (entry: Entry) => boolean): Promise<void> {
    const db = await database()
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(storeName, mode, { durability: 'strict' })
      const store = transaction.objectStore(storeName)
      const get = store.get(key)
      let thrown: unknown
      get.onsuccess = () => {
        try {
          const entry = parse(get.result as string | undefined)
          if (decide(entry)) store.put(JSON.stringify(entry), key)
        } catch (error) {
          thrown = error
          transaction.abort()
        }
      }
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(thrown ?? failed(transaction.error))
    })
  }

  return {
    async read() {
      let found = noEntry
      await run('readonly', (entry) => { found = entry; return false })
      return found
    },
    change: (decide) => run('readwrite', decide)
  }
}

export function openVault(where: 'shared' | 'memory' | StorageLike,
  key: string): Vault {
  if (typeof where === 'object') return storageVault(where, key)
  if (where === 'memory' || typeof indexedDB === 'undefined') {
    return memoryVault(key)
  }
  return databaseVault(key)
}
