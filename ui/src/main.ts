import './style.css'
import { createApp } from 'vue'
import { VueQueryPlugin } from '@tanstack/vue-query'
import ui from '@nuxt/ui/vue-plugin'
import { goLive, queries } from './api/live'
import App from './App.vue'
import Away from './page/home/Away.vue'
import { router } from './router'
import { watchSession } from './session/session'

const app = createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).use(ui)

watchSession()
goLive()

router.isReady().then(
  () => app.mount('#app'),
  (error: unknown) => createApp(Away, { error }).use(router).use(ui).mount('#app'),
)
