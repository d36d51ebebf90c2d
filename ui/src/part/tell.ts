import { asFailure } from '@/api/problem'
import { t } from '@/text'
import { addToast } from './toast'

/** What a toast can do: undo is offered for ten seconds. */
export interface Undo { undo?: () => Promise<unknown> }

/** Short words after an action. They are announced politely and never take the focus. */
export function useTell() {
  function told(title: string, { undo }: Undo = {}): void {
    const back = undo && { label: t('action.undo'), run: () => void undo().then(() => told(t('action.undone')), failed) }
    addToast({ title, tone: 'good', stays: undo ? 10_000 : 4_000, action: back })
  }

  function failed(error: unknown): void {
    const failure = asFailure(error)
    addToast({
      title: failure.offline ? t('error.offline') : failure.message,
      detail: failure.offline ? t('error.nothingChanged') : failure.reference ? `${t('error.reference')} ${failure.reference}` : undefined,
      tone: 'bad',
      stays: 12_000,
    })
  }

  return { told, failed }
}
