import type { State } from '@/api/shapes'

export type Sign = 'dot' | 'ring' | 'square' | 'half' | 'cross' | 'hollow'
export type Tone = 'good' | 'busy' | 'still' | 'warn' | 'bad'

const table: Record<State, [Sign, Tone]> = {
  running: ['dot', 'good'],
  starting: ['ring', 'busy'],
  stopping: ['ring', 'busy'],
  stopped: ['square', 'still'],
  suspended: ['square', 'still'],
  degraded: ['half', 'warn'],
  'crash loop': ['cross', 'bad'],
  'safe mode': ['cross', 'bad'],
  failed: ['cross', 'bad'],
  unreachable: ['hollow', 'still'],
}

/** The sign and the colour of a state: the same everywhere, and never the colour alone. */
export function looks(state: string): { sign: Sign; tone: Tone } {
  const [sign, tone] = table[state as State] ?? ['hollow', 'still']
  return { sign, tone }
}

export const toneClass: Record<Tone, string> = {
  good: 'text-success', busy: 'text-info', still: 'text-(--still)', warn: 'text-warning', bad: 'text-error',
}

/** States in the order in which they need somebody. */
export const urgency: State[] = [
  'failed', 'crash loop', 'safe mode', 'degraded', 'unreachable', 'starting', 'stopping', 'running', 'suspended', 'stopped',
]
