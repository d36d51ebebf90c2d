import type { Comparison } from '@/api/comparison'
import type { Components } from '@/api/snapshot'
import { said, t } from '@/text'

export const everything = (): Required<Components> => ({ flows: true, credentials: true, environment: 'all', settings: true, modules: true, stack: true })

const names = (list: readonly string[]): string => (list.length > 4 ? t('snapshot.andMore', { names: list.slice(0, 4).join(', '), n: list.length - 4 }) : list.join(', '))

/** What each part of a restore changes, in words; a part that changes nothing is not there. From is what is held now. */
export function differing(c: Comparison): Partial<Record<keyof Components, string>> {
  const { added, removed, changed, moved } = c.summary
  const direct = c.modules.filter((m) => m.direct)
  const out: Partial<Record<keyof Components, string>> = {}
  if (c.flows.some((f) => f.change !== 'same') || c.configuration.length > 0 || c.summary.reordered > 0) out.flows = t('comparison.counts', { added, removed, changed, moved })
  if (c.credentials.length > 0) out.credentials = names(c.credentials.map((k) => k.label || k.type))
  if (c.environment.length > 0) out.environment = names(c.environment.map((v) => v.name))
  if (c.settings.length > 0) out.settings = c.settings.map((f) => `${said(`field.${f.name}`, f.name)}: ${plain(f.from)} → ${plain(f.to)}`).join(', ')
  if (c.modules.length > 0) out.modules = direct.length > 0 ? names(direct.map((m) => `${m.name} ${m.from || '–'} → ${m.to || '–'}`)) : t('comparison.indirect')
  if (c.stack) out.stack = `${plain(c.stack.from)} → ${plain(c.stack.to)}`
  return out
}

function plain(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Only what was chosen against is sent: the server takes the rest. */
export function sent(chosen: Required<Components>): Components | undefined {
  const { environment, ...rest } = chosen
  const off = Object.fromEntries(Object.entries(rest).filter(([, on]) => !on)) as Components
  if (environment !== 'all') off.environment = environment
  return Object.keys(off).length > 0 ? off : undefined
}
