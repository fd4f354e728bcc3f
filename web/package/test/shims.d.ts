// vuex 4 and 3 hide their own types behind `exports`.
declare module 'vuex' {
  export const Store: new (options: object) => any
}
declare module 'vuex-3' {
  const vuex: { Store: new (options: object) => unknown }
  export default vuex
}
// Made by make/core.mjs, without types of their own.
declare module '#core/dialects/express'
declare module '#core/dialects/nest'
declare module '#core/dialects/oauth2'
declare module '#core/dialects/supabase'
