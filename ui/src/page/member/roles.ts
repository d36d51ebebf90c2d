import type { Role } from '@/api/shapes'

/** The roles, from the one that may most. */
export const roles: Role[] = ['owner', 'member', 'viewer', 'dashboard']
