import { useToast } from '@nuxt/ui/composables'
import { asFailure } from '@/api/problem'
import { t } from '@/text'

/** What a toast can do: undo is offered for ten seconds. */
export interface Undo { undo?: () => Promise<unknown> }

/** Short words after an action. They are announced politely and never take the focus. */
export function useTell() {
  const toast = useToast()

  function told(title: string, { undo }: Undo = {}): void {
    const made = toast.add({
      title,
      color: 'success',
      icon: 'i-lucide-check',
      duration: undo ? 10_000 : 4_000,
      actions: undo
        ? [{
            label: t('action.undo'), color: 'neutral', variant: 'outline', size: 'xs',
            onClick: () => {
              toast.remove(made.id)
              undo().then(() => told(t('action.undone')), failed)
            },
          }]
        : undefined,
    })
  }

  function failed(error: unknown): void {
    const failure = asFailure(error)
    toast.add({
      title: failure.offline ? t('error.offline') : failure.message,
      description: failure.offline ? t('error.nothingChanged') : failure.reference ? `${t('error.reference')} ${failure.reference}` : undefined,
      color: 'error',
      icon: 'i-lucide-circle-alert',
      duration: 12_000,
    })
  }

  return { told, failed }
}
