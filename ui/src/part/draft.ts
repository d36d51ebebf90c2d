import { computed, ref, watch, type Ref } from 'vue'

/**
 * A form's copy of a thing: follows the thing as it changes elsewhere, except the fields that are being changed
 * here. Where somebody else changed such a field too, the copy stays on the version it was made from, so that
 * saving it is refused and the person is asked.
 */
export function useDraft<T extends object>(source: () => { shape: T; version: number } | undefined) {
  const draft = ref() as Ref<T | undefined>
  const base = ref() as Ref<T | undefined>
  const version = ref(0)
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  const copy = (shape: T): T => JSON.parse(JSON.stringify(shape)) as T

  function take(now: { shape: T; version: number }): void {
    const next = copy(now.shape)
    if (draft.value && base.value) {
      const mine = (Object.keys(next) as (keyof T)[]).filter((f) => !same(draft.value![f], base.value![f]))
      if (mine.some((f) => !same(next[f], base.value![f]) && !same(next[f], draft.value![f]))) return
      for (const field of mine) next[field] = draft.value[field]
    }
    settle(now, next)
  }

  function settle(now: { shape: T; version: number }, shown = copy(now.shape)): void {
    base.value = copy(now.shape)
    version.value = now.version
    draft.value = shown
  }

  watch(source, (now) => now && take(now), { immediate: true })

  /** The fields that differ: what a merge patch sends. */
  const patch = computed<Partial<T>>(() => {
    const { value: mine } = draft
    const { value: theirs } = base
    if (!mine || !theirs) return {}
    return Object.fromEntries((Object.keys(mine) as (keyof T)[]).filter((f) => !same(mine[f], theirs[f])).map((f) => [f, mine[f]])) as Partial<T>
  })
  const changed = computed(() => Object.keys(patch.value).length > 0)

  function discard(): void {
    const now = source()
    if (now) settle(now)
  }

  return { draft, base, version, patch, changed, discard, settle: (now: { shape: T; version: number }) => settle(now) }
}
