export const levels = ['info', 'good', 'warning', 'error'] as const
type Level = (typeof levels)[number]

export const levelIcon: Record<Level, string> = { info: 'i-lucide-info', good: 'i-lucide-circle-check', warning: 'i-lucide-triangle-alert', error: 'i-lucide-octagon-x' }
export const levelTone: Record<Level, string> = { info: 'text-info', good: 'text-success', warning: 'text-warning', error: 'text-error' }
export const levelFrame: Record<Level, string> = {
  info: 'border-info/40 bg-info/10', good: 'border-success/40 bg-success/10', warning: 'border-warning/40 bg-warning/10', error: 'border-error/40 bg-error/10',
}
