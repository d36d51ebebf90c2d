import { queries } from '@/api/live'
import { snapshot, type Components, type Restored } from '@/api/snapshot'
import type { Instance } from '@/api/shapes'
import { useTell } from '@/part/tell'
import { t } from '@/text'

/** Who may replace what an instance holds: where it is protected, owners alone. */
export function mayReplace(may: (permission: string) => boolean, instance: Pick<Instance, 'protected'> | undefined): boolean {
  return may('instance:restore') && (!instance?.protected || may('instance:protect'))
}

/** Restores, says so, and offers to take it back for ten seconds: what was there before is kept. */
export function useRestore() {
  const { told } = useTell()

  async function restore(instance: Pick<Instance, 'id' | 'name'>, id: string, name: string, components?: Components): Promise<Restored> {
    const done = await snapshot.restore(instance.id, id, components)
    refresh(instance.id)
    if (done.changed.length === 0) told(t('snapshot.restore.same', { name: instance.name }))
    else told(t('snapshot.restore.done', { name: instance.name, snapshot: name }), { undo: done.safety ? () => snapshot.restore(instance.id, done.safety!).then(() => refresh(instance.id)) : undefined })
    return done
  }
  return { restore }
}

export function refresh(instance: string): void {
  for (const queryKey of [['instance', instance], ['instances'], ['application'], ['snapshots']]) void queries.invalidateQueries({ queryKey })
}
