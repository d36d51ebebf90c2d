/** The label that a free name is likely to get; the server decides and makes it unique. */
export function labelOf(name: string): string {
  if (name.trim() === '') return ''
  const label = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/ß/g, 'ss')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 34)
    .replace(/-+$/, '')
  return label || 'instance'
}
