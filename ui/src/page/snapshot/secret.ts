/** How long a secret holds against guessing, from 0 to 4, by what it is made of. It is asked of people and need only warn. */
export function strength(secret: string): 0 | 1 | 2 | 3 | 4 {
  if (secret === '') return 0
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(secret)).length
  const different = new Set(secret).size
  const bits = Math.min(secret.length, different * 2) * Math.log2([10, 26, 36, 62, 90][kinds]!)
  if (bits < 40) return 1
  if (bits < 60) return 2
  return bits < 90 ? 3 : 4
}

const letters = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A secret of about 140 bits in groups that can be read aloud. */
export function newSecret(): string {
  const out: string[] = []
  const bytes = crypto.getRandomValues(new Uint8Array(64))
  for (const b of bytes) if (b < 256 - (256 % letters.length) && out.length < 24) out.push(letters[b % letters.length]!)
  return out.join('').replace(/(.{6})(?=.)/g, '$1-')
}
