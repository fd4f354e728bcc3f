// All accounts, for administrators.
import { defineStore } from 'pinia'
import { http } from '@/session'

export interface Person {
  id: number
  username: string
  email?: string
  roles: string[]
  disabled: boolean
  /** Living ones. */
  sessions: number
}

/** The server's: so many come at a time. */
const pageSize = 50

export const usePeople = defineStore('people', {
  state: () => ({ list: [] as Person[], known: false, more: false, search: '', turn: 0 }),
  actions: {
    /** From the start, or on from the last that is shown. */
    async load(on = false) {
      const turn = ++this.turn
      const after = on ? this.list[this.list.length - 1]?.id : undefined
      const params = { search: this.search || undefined, after }
      const { data } = await http.get<Person[]>('/admin/users', { params })
      // Somebody went on typing: a newer answer is on its way.
      if (turn !== this.turn) return
      this.list = on ? [...this.list, ...data] : data
      this.more = data.length === pageSize
      this.known = true
    },
    async change(person: Person, what: { disabled?: boolean, roles?: string[] }) {
      const { data } = await http.patch<Partial<Person> | ''>(`/admin/users/${person.id}`, what)
      Object.assign(person, what, data === '' ? {} : data)
      if (what.disabled === true) person.sessions = 0
    },
    async endSessions(person: Person) {
      await http.delete(`/admin/users/${person.id}/sessions`)
      person.sessions = 0
    }
  }
})
