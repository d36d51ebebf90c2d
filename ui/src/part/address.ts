import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

let pending: Record<string, string | undefined> | undefined

/** A value kept in the address, so that a link shows what its sender saw. */
export function useQueryValue(name: string, fallback = ''): WritableComputedRef<string> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => (typeof route.query[name] === 'string' ? (route.query[name] as string) : fallback),
    set: (value) => {
      // Several values set in one turn make one step.
      const first = pending === undefined
      pending ??= {}
      pending[name] = value === fallback ? undefined : value
      if (!first) return
      queueMicrotask(() => {
        const query = { ...route.query, ...pending }
        pending = undefined
        void router.replace({ query, hash: route.hash })
      })
    },
  })
}

/** A set of words kept in the address as "a,b". */
export function useQuerySet(name: string): WritableComputedRef<string[]> {
  const value = useQueryValue(name)
  return computed({
    get: () => value.value.split(',').filter(Boolean),
    set: (words) => (value.value = words.join(',')),
  })
}
