/** A browser's name out of what it sends: enough to tell one's own sessions apart. */
export function agentName(userAgent: string): string {
  const browser = ([['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const).find(([mark]) => userAgent.includes(mark))?.[1]
  const system = ([['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS X', 'macOS'], ['Linux', 'Linux']] as const).find(([mark]) => userAgent.includes(mark))?.[1]
  if (browser && system) return `${browser} · ${system}`
  return browser ?? system ?? (userAgent.split(/[ /]/)[0] || '–')
}
