// Where `app.use(stay)` leaves the session for the components of a Vue app.
export const stayKey = Symbol.for('@stay/web')

/** As much of a Vue 3 app, or of Vue 2 itself, as is used here. */
interface VueLike {
  provide?(key: symbol, value: unknown): unknown
  config?: { globalProperties?: Record<string, unknown> }
  prototype?: Record<string, unknown>
}

/** `this.$stay` in every component; inject() in those that have a set-up. */
export function installInto(app: object, stay: unknown): void {
  const { provide, config, prototype } = app as VueLike
  const properties = config?.globalProperties
  if (properties !== undefined) provide?.call(app, stayKey, stay)
  Object.assign(properties ?? prototype ?? {}, { $stay: stay })
}
