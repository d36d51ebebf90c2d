import { reactive } from 'vue'

/** What a confirmation says: what will happen, and to how many. */
export interface Question {
  title: string
  text: string
  /** The verb on the button. */
  verb: string
  danger?: boolean
  /** Asked for only where nothing brings it back. */
  typed?: string
}

export const asked = reactive({ open: false, question: undefined as Question | undefined })
let answer: ((yes: boolean) => void) | undefined

export function confirm(question: Question): Promise<boolean> {
  answer?.(false)
  asked.question = question
  asked.open = true
  return new Promise((resolve) => (answer = resolve))
}

export function reply(yes: boolean): void {
  asked.open = false
  answer?.(yes)
  answer = undefined
}
