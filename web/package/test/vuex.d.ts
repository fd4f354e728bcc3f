// vuex 4 and 3 hide their own types behind `exports`.
declare module 'vuex' {
  export const Store: new (options: object) => any
}
declare module 'vuex-3' {
  const vuex: { Store: new (options: object) => unknown }
  export default vuex
}
