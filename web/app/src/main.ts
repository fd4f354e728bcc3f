import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { stay } from './session'
import { startTrace } from './timeline/live'
import './style/base.css'
import './style/parts.css'
import './style/forms.css'
import './style/pages.css'
import './style/timeline.css'

startTrace()
const app = createApp(App).use(stay).use(createPinia()).use(router)
// Nothing is shown before it is known whether somebody is signed in, so nothing
// jumps when it is.
router.isReady().then(() => app.mount('#app'), (error: Error) => {
  document.querySelector('#app')!.textContent = `This app could not start. ${error.message}`
})
