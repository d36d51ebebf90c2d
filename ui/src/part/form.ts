import { computed, ref, shallowRef } from 'vue'
import { asFailure, type Failure } from '@/api/problem'

/** One run of a form: busy while it runs, and the failure with its fields where it did not work. */
export function useRun() {
  const busy = ref(false)
  const failure = shallowRef<Failure>()

  /** Runs it unless it runs already; resolves to whether it worked. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    failure.value = undefined
    try {
      await work()
      return true
    } catch (error) {
      failure.value = asFailure(error)
      return false
    } finally {
      busy.value = false
    }
  }

  const field = (path: string): string | undefined => failure.value?.field(path)
  /** What is wrong and belongs to none of the fields that the form shows. */
  const general = (...shown: string[]) =>
    computed(() => (failure.value && !failure.value.fields.some((f) => shown.includes(f.path.replace(/^body\./, ''))) ? failure.value : undefined))

  return { busy, failure, run, field, general }
}

/** A key that makes a create safe to repeat. randomUUID needs a secure origin; this does not. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
}
