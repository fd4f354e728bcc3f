// Where the one who is signed in is signed in.
import { defineStore } from 'pinia'
import { http } from '@/session'

export interface DeviceSession {
  id: string
  label: string
  agent: string
  address: string
  dialect: string
  /** Seconds since 1970. */
  created: number
  last_used: number
  current: boolean
}

export const useSessions = defineStore('sessions', {
  state: () => ({ list: [] as DeviceSession[], known: false }),
  getters: {
    others: (state) => state.list.filter((session) => !session.current).length
  },
  actions: {
    async load() {
      const { data } = await http.get<DeviceSession[]>('/sessions')
      this.list = [...data].sort((a, b) => Number(b.current) - Number(a.current) || b.last_used - a.last_used)
      this.known = true
    },
    async end(session: DeviceSession) {
      await http.delete(`/sessions/${session.id}`)
      this.list = this.list.filter((one) => one.id !== session.id)
    },
    async endOthers() {
      await http.delete('/sessions', { params: { others: 1 } })
      this.list = this.list.filter((one) => one.current)
    }
  }
})
