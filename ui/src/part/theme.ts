import { computed, ref } from 'vue'

export type Choice = 'light' | 'dark' | 'system'

const key = 'leat-theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const systemDark = ref(system.matches)
system.addEventListener('change', ({ matches }) => (systemDark.value = matches))

const choice = ref<Choice>(stored())
export const dark = computed(() => (choice.value === 'system' ? systemDark.value : choice.value === 'dark'))

export const theme = computed<Choice>({
  get: () => choice.value,
  set: (value) => {
    choice.value = value
    try {
      localStorage.setItem(key, value)
    } catch {
      // Storage is off: the choice holds until the page is left.
    }
    apply()
  },
})

function stored(): Choice {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

function apply(): void {
  document.documentElement.classList.toggle('dark', dark.value)
}

system.addEventListener('change', apply)
