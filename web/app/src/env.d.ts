/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where stayd is, if it is not this page's own origin: 'http://localhost:8080'. */
  readonly VITE_STAY_URL?: string
}
