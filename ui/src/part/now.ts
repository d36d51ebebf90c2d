import { onScopeDispose, ref, type Ref } from 'vue'

const now = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for all relative times of the page, so that they never disagree. */
export function useNow(): Readonly<Ref<number>> {
  now.value = Date.now()
  if (users++ === 0) timer = setInterval(() => (now.value = Date.now()), 5_000)
  onScopeDispose(() => {
    if (--users === 0) clearInterval(timer)
  })
  return now
}
