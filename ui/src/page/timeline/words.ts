import type { ChangedNames, TimelineEntry, TimelineKind } from '@/api/timeline'
import { said, t } from '@/text'
import { stamped } from '@/text/time'

export type Tone = 'plain' | 'busy' | 'good' | 'bad'

/** The sign of each kind of entry, and whether it is something to worry about. */
export const looks: Record<TimelineKind, { icon: string; tone: Tone }> = {
  created: { icon: 'i-lucide-sparkles', tone: 'good' },
  deploy: { icon: 'i-lucide-rocket', tone: 'good' },
  restart: { icon: 'i-lucide-rotate-cw', tone: 'busy' },
  start: { icon: 'i-lucide-play', tone: 'busy' },
  stop: { icon: 'i-lucide-square', tone: 'plain' },
  suspend: { icon: 'i-lucide-pause', tone: 'plain' },
  restore: { icon: 'i-lucide-undo-2', tone: 'good' },
  import: { icon: 'i-lucide-file-down', tone: 'good' },
  settings: { icon: 'i-lucide-settings', tone: 'plain' },
  environment: { icon: 'i-lucide-braces', tone: 'plain' },
  modules: { icon: 'i-lucide-package', tone: 'plain' },
  stack: { icon: 'i-lucide-layers', tone: 'plain' },
  type: { icon: 'i-lucide-scaling', tone: 'plain' },
  protect: { icon: 'i-lucide-lock', tone: 'plain' },
  snapshot: { icon: 'i-lucide-camera', tone: 'plain' },
  crash: { icon: 'i-lucide-zap', tone: 'bad' },
  hang: { icon: 'i-lucide-hourglass', tone: 'bad' },
  'safe-mode': { icon: 'i-lucide-life-buoy', tone: 'bad' },
  recovered: { icon: 'i-lucide-heart-pulse', tone: 'good' },
}
export const toneClass: Record<Tone, string> = { plain: 'text-muted', busy: 'text-info', good: 'text-primary', bad: 'text-error' }

/** Kinds that people look for together. */
export const groups: Record<string, TimelineKind[]> = {
  deploys: ['deploy', 'created'],
  restores: ['restore', 'import', 'snapshot'],
  environment: ['environment'],
  modules: ['modules'],
  settings: ['settings', 'stack', 'type', 'protect'],
  runs: ['restart', 'start', 'stop', 'suspend'],
  trouble: ['crash', 'hang', 'safe-mode', 'recovered'],
}

/** A version that nobody named is called by its moment, which is said in the reader's zone. */
export function named(name: string): string {
  const at = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC$/.exec(name)
  return at ? stamped(`${at[1]}T${at[2]}Z`) : name
}

/** What happened, without who did it: "deployed the flows". */
export function sentence(e: TimelineEntry): string {
  const key = e.kind.replace('-', '_')
  if (e.author) return said(`timeline.by.${key}`, said(`timeline.self.${key}`, e.kind), { name: named(e.summary.name ?? '') })
  return said(`timeline.self.${key}`, e.kind, { name: named(e.summary.name ?? '') })
}

const most = 5
function listed(names: readonly string[]): string {
  return names.length > most ? t('snapshot.andMore', { names: names.slice(0, most).join(', '), n: names.length - most }) : names.join(', ')
}

function namesOf(c: ChangedNames | undefined): string[] {
  if (!c) return []
  return [...(c.added ?? []).map((n) => `+ ${n}`), ...(c.removed ?? []).map((n) => `− ${n}`), ...(c.changed ?? []).map((n) => `~ ${n}`)]
}

/** The facts of an entry in short phrases. */
export function facts(e: TimelineEntry): string[] {
  const s = e.summary
  const out: string[] = []
  const n = s.nodeChanges
  if (n && n.added + n.changed + n.removed > 0) out.push((['added', 'changed', 'removed'] as const).filter((how) => n[how] > 0).map((how) => t(`timeline.nodes.${how}`, { n: n[how] })).join(', '))
  else if (s.nodes !== undefined && ['created', 'import'].includes(e.kind)) out.push(t('instance.nodes', { n: s.nodes }))
  if (s.credentials) out.push(t('timeline.credentials'))
  const variables = namesOf(s.variables)
  if (variables.length > 0) out.push(listed(variables))
  const modules = namesOf(s.modules)
  if (modules.length > 0) out.push(listed(modules))
  for (const f of s.fields ?? []) out.push(`${said(`field.${f.name}`, f.name)}: ${f.from || '–'} → ${f.to || '–'}`)
  if (s.components && s.components.length > 0) out.push(s.components.map((c) => said(`snapshot.part.${c}`, c)).join(', '))
  if (s.reason) out.push(s.reason)
  return out
}

const day = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })

/** The day of a moment in the reader's zone: "Today", "Yesterday", "Monday, 3 March 2026". */
export function dayOf(at: string, now: number): string {
  const start = (ms: number) => new Date(ms).setHours(0, 0, 0, 0)
  const days = Math.round((start(now) - start(Date.parse(at))) / 86_400_000)
  return days === 0 ? t('timeline.today') : days === 1 ? t('timeline.yesterday') : day.format(Date.parse(at))
}

/** Entries in runs of the same day. */
export function byDay(entries: readonly TimelineEntry[], now: number): { day: string; entries: TimelineEntry[] }[] {
  const out: { day: string; entries: TimelineEntry[] }[] = []
  for (const e of entries) {
    const name = dayOf(e.time, now)
    if (out.at(-1)?.day === name) out.at(-1)!.entries.push(e)
    else out.push({ day: name, entries: [e] })
  }
  return out
}
