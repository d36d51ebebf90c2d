import { queries } from '@/api/live'
import { instance, type Act } from '@/api/instance'
import type { Instance } from '@/api/shapes'
import { confirm } from '@/part/confirm'
import { useTell } from '@/part/tell'
import { t } from '@/text'

/** Which of the actions make sense for an instance as it is wanted and seen. */
export function actsFor(i: Instance): Act[] {
  const acts: Act[] = []
  if (i.wanted !== 'running') acts.push('start')
  else acts.push('restart', 'stop', 'suspend')
  if (i.wanted === 'stopped') acts.push('suspend')
  return acts
}

export const actIcon: Record<Act, string> = {
  start: 'i-lucide-play', stop: 'i-lucide-square', restart: 'i-lucide-rotate-cw', suspend: 'i-lucide-pause',
}

/** What the undo of an action is. A restart has none. */
const reverse: Partial<Record<Act, Act>> = { start: 'stop', stop: 'start', suspend: 'start' }

async function refresh(ids: string[]): Promise<void> {
  await Promise.all([
    ...ids.map((id) => queries.invalidateQueries({ queryKey: ['instance', id] })),
    queries.invalidateQueries({ queryKey: ['instances'] }),
    queries.invalidateQueries({ queryKey: ['application'] }),
    queries.invalidateQueries({ queryKey: ['applications'] }),
  ])
}

export function useInstanceActions() {
  const { told, failed } = useTell()

  /** Does it to one or to many. Many, and what stops something that runs in many places, is asked first. */
  async function act(what: Act, list: readonly Instance[]): Promise<void> {
    const fit = list.filter((i) => actsFor(i).includes(what))
    if (fit.length === 0) return
    if (fit.length > 1 && !(await confirm({ title: t(`instance.many.${what}`, { n: fit.length }), text: t(`instance.manyText.${what}`), verb: t(`instance.many.${what}`, { n: fit.length }) }))) return
    const results = await Promise.allSettled(fit.map((i) => instance.act(i.id, what)))
    const bad = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []))
    if (bad.length > 0) failed(bad[0])
    const good = fit.filter((_, i) => results[i]!.status === 'fulfilled')
    await refresh(fit.map((i) => i.id))
    if (good.length === 0) return
    const back = reverse[what]
    const undo = back && (() => Promise.all(good.map((i) => instance.act(i.id, back))).then(() => refresh(good.map((i) => i.id))))
    told(good.length === 1 ? t(`instance.did.${what}`, { name: good[0]!.name }) : t(`instance.didMany.${what}`, { n: good.length }), { undo })
  }

  /** Deletes for good, after the name was typed. */
  async function remove(i: Instance): Promise<boolean> {
    const yes = await confirm({ title: t('instance.remove.title', { name: i.name }), text: t('instance.remove.text'), verb: t('instance.remove.verb'), danger: true, typed: i.name })
    if (!yes) return false
    try {
      await instance.remove(i.id)
      void refresh([])
      told(t('instance.remove.done', { name: i.name }))
      return true
    } catch (error) {
      failed(error)
      return false
    }
  }

  return { act, remove }
}
