import { ref } from 'vue'

/** What is read out politely, without moving anything. */
export const announcement = ref('')

export function announce(text: string): void {
  announcement.value = announcement.value === text ? `${text}\u00a0` : text
}
