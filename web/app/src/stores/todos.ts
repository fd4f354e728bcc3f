// The list that the server keeps for who is signed in.
import { defineStore } from 'pinia'
import { http } from '@/session'

export interface Todo {
  id: number
  title: string
  done: boolean
}

export const useTodos = defineStore('todos', {
  state: () => ({ list: [] as Todo[], known: false }),
  getters: {
    open: (state) => state.list.filter((todo) => !todo.done).length
  },
  actions: {
    async load() {
      this.list = (await http.get<Todo[]>('/todos')).data
      this.known = true
    },
    async add(title: string) {
      this.list.push((await http.post<Todo>('/todos', { title })).data)
    },
    async tick(todo: Todo, done: boolean) {
      const { data } = await http.patch<Todo>(`/todos/${todo.id}`, { done })
      Object.assign(todo, data)
    },
    async remove(todo: Todo) {
      await http.delete(`/todos/${todo.id}`)
      this.list = this.list.filter((one) => one.id !== todo.id)
    }
  }
})
