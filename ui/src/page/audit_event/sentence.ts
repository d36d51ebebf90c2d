import type { AuditActor, AuditEvent } from '@/api/shapes'
import { said, t } from '@/text'

/**
 * The event in words, and what joins them to the name of its object: "changed the environment( of)" is
 * "changed the environment" alone, and "changed the environment of Pump 3" where the object is named.
 */
export function phrase(event: string): { text: string; joint: string } {
  const words = said(`audit.event.${event.replaceAll('.', '_').replaceAll('-', '_')}`, plain(event))
  const [, text = words, joint = ''] = /^(.*?)(?:\((.*)\))?$/.exec(words) ?? []
  return { text, joint }
}

export function sentence(event: Pick<AuditEvent, 'event' | 'name'>, named = false): string {
  const { text, joint } = phrase(event.event)
  return named && event.name ? `${text}${joint} ${event.name}` : text
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
