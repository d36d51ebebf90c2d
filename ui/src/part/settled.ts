import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** Follows a value once it has rested for a moment: what is asked of the server waits until somebody stops typing. */
export function useSettled<T>(value: Readonly<Ref<T>>, ms = 250): Readonly<Ref<T>> {
  const settled = ref(value.value) as Ref<T>
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(value, (next) => {
    clearTimeout(timer)
    timer = setTimeout(() => (settled.value = next), ms)
  })
  onScopeDispose(() => clearTimeout(timer))
  return settled
}
