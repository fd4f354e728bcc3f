// @stay/web/vuex: the session under the names that an app's components use
// already. A plugin of a Vuex store, 3 or 4:
//   new Vuex.Store({ plugins: [stayVuex(stay, { names: 'bezkoder' })] })
import type { Stay } from './api'
import { eventBus, feedBus } from './vuex/bus'
import { bezkoder } from './vuex/bezkoder'
import { django } from './vuex/django'
import { nest } from './vuex/nest'
import { sofunction } from './vuex/sofunction'
import type { Naming, StoreLike } from './vuex/store'
import { follow } from './vuex/store'

export { eventBus }
export type { EventBus, Logout } from './vuex/bus'

export interface StayVuexOptions {
  /**
   * `bezkoder`: module auth (login, logout, register, refreshToken).
   * `django`: the root (logIn, refreshToken, fetchUser).
   * `nest`: modules auth (getAuthData) and todo.
   * `sofunction`: module auth (SET_ACCESS_TOKEN, SET_REFRESH_TOKEN, LOGOUT).
   */
  names: 'bezkoder' | 'django' | 'nest' | 'sofunction'
}

const namings: Record<StayVuexOptions['names'], Naming> = { bezkoder, django, nest, sofunction }

export function stayVuex(stay: Stay, { names }: StayVuexOptions): (store: StoreLike) => void {
  const naming = namings[names]
  if (naming === undefined) throw new Error(`stayVuex: there are no names '${String(names)}'; there are ${Object.keys(namings).join(', ')}`)
  return (store) => {
    feedBus(stay)
    follow(store, stay, naming)
  }
}
