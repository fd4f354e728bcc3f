// Node 18 has Web Crypto, and does not show it.
import { webcrypto } from 'node:crypto'

if (globalThis.crypto === undefined) Object.defineProperty(globalThis, 'crypto', { value: webcrypto, configurable: true })
