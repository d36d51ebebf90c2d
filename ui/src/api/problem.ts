import type { OverLimit, Problem, ProblemField } from './shapes'

/** Failure is why a call did not work: the server's problem, or a server that cannot be reached (status 0). */
export class Failure extends Error {
  readonly status: number
  readonly code: string
  readonly fields: ProblemField[]
  /** Which limits stand in the way, with limit_reached and over_limit. */
  readonly limits: OverLimit[]
  readonly reference: string
  readonly current: unknown
  readonly retryAfterSeconds: number

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds = 0) {
    super(problem.detail || problem.title || `HTTP ${status}`)
    this.name = 'Failure'
    this.status = status
    this.code = problem.code ?? ''
    this.fields = problem.errors ?? []
    this.limits = problem.limits ?? []
    this.reference = problem.reference ?? ''
    this.current = problem.current
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** The server could not be reached at all: nothing was changed by this call as far as we know. */
  get offline(): boolean {
    return this.status === 0
  }

  /** The message for one input, or undefined. A field's path may carry a prefix such as "body.". */
  field(path: string): string | undefined {
    return this.fields.find((f) => f.path.replace(/^body\./, '') === path)?.message
  }
}

export async function failureOf(response: Response): Promise<Failure> {
  const retry = Number(response.headers.get('Retry-After')) || 0
  try {
    return new Failure(response.status, (await response.json()) as Problem, retry)
  } catch {
    return new Failure(response.status, { title: response.statusText }, retry)
  }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(0, { code: 'unreachable', detail: error instanceof Error ? error.message : String(error) })
}
