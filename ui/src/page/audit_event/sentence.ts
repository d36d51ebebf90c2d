import type { AuditActor, AuditEvent } from '@/api/shapes'
import { said, t } from '@/text'

/** The event in words: "instance.create" is "created instance". */
export function sentence(event: AuditEvent): string {
  return said(`audit.event.${event.event.replaceAll('.', '_').replaceAll('-', '_')}`, plain(event.event))
}

/** An event without words of its own still reads: "environment.put" becomes "environment: put". */
function plain(event: string): string {
  const [noun = '', ...verb] = event.split('.')
  return `${noun.replaceAll(/[-_]/g, ' ')}: ${verb.join(' ').replaceAll(/[-_]/g, ' ')}`
}

export function actorName(actor: AuditActor): string {
  switch (actor.kind) {
    case 'user':
      return actor.username || actor.id || t('audit.somebody')
    case 'token':
      return t('audit.byToken', { name: actor.username || actor.id || '' })
    case 'runner':
      return t('audit.runner')
    case 'system':
      return t('audit.system')
    default:
      return t('audit.stranger')
  }
}

/** What changed, as "field: from → to". */
export function changes(detail: Record<string, unknown> | undefined): { field: string; from?: string; to: string }[] {
  return Object.entries(detail ?? {}).map(([field, value]) => {
    const pair = value as { from?: unknown; to?: unknown } | null
    if (pair !== null && typeof pair === 'object' && !Array.isArray(pair) && ('from' in pair || 'to' in pair)) return { field, from: shown(pair.from), to: shown(pair.to) }
    return { field, to: shown(value) }
  })
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
