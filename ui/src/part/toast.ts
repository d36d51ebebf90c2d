import { reactive } from 'vue'

export interface Toast {
  id: number
  /** A later toast about the same thing takes the place of the earlier one. */
  about?: string
  title: string
  detail?: string
  tone: 'good' | 'bad'
  /** How long it stays, in ms; it waits while it is pointed at or focused. */
  stays: number
  action?: { label: string; run: () => void }
}

export const toasts = reactive({ list: [] as Toast[] })

const most = 4
let last = 0

export function addToast(toast: Omit<Toast, 'id'>): number {
  const id = ++last
  const others = toasts.list.filter((x) => toast.about === undefined || x.about !== toast.about)
  toasts.list = [...others, { ...toast, id }].slice(-most)
  return id
}

export function dropToast(id: number): void {
  toasts.list = toasts.list.filter((x) => x.id !== id)
}
