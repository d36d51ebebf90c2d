import { queries } from '@/api/live'
import { snapshot, type Snapshot } from '@/api/snapshot'
import { confirm } from '@/part/confirm'
import { useTell } from '@/part/tell'
import { t } from '@/text'
import { title } from './words'

/** Deletes one or many, after saying how many. What is in use stays, and its reason is said. */
export function useRemoval() {
  const { told, failed } = useTell()
  return async (list: readonly Snapshot[]): Promise<boolean> => {
    const name = list.length === 1 ? title(list[0]!) : ''
    const yes = await confirm({
      title: list.length === 1 ? t('snapshot.remove.title', { name }) : t('snapshot.remove.many', { n: list.length }), text: t('snapshot.remove.text'), verb: t('snapshot.remove.verb'), danger: true,
    })
    if (!yes) return false
    const results = await Promise.allSettled(list.map((s) => snapshot.remove(s.id)))
    void queries.invalidateQueries({ queryKey: ['snapshots'] })
    const bad = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []))
    if (bad.length > 0) failed(bad[0])
    const good = results.length - bad.length
    if (good > 0) told(t('snapshot.remove.done', { n: good }))
    return good > 0
  }
}
