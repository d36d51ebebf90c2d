import { useQuery } from '@tanstack/vue-query'
import { send, sendAll, whole } from './send'
import type { CreatedToken, EditUser, InvitationView, Session, SignInRequest, Token, User } from './shapes'

export function useSessions() {
  return useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => sendAll<Session>('/user/sessions', { signal, query: whole }) })
}

export function useTokens() {
  return useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => sendAll<Token>('/user/tokens', { signal }) })
}

export function useUsers() {
  return useQuery({ queryKey: ['users'], queryFn: ({ signal }) => sendAll<User>('/users', { signal }) })
}

export interface NewUser { username: string; email: string; name?: string; password: string; admin?: boolean }

export const user = {
  editSelf: (body: EditUser, version: number) => send<User>('PATCH', '/user', { body, version }),
  create: (body: NewUser, key: string) => send<User>('POST', '/users', { body, key }),
  edit: (u: User, body: EditUser, version = u.version) => send<User>('PATCH', `/users/${u.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/users/${id}`),
  endOtherSessions: () => send<void>('DELETE', '/user/sessions'),
  endSession: (id: string) => send<void>('DELETE', `/user/sessions/${id}`),
  createToken: (body: { name: string; scopes: string[]; expiresAt?: string }, key: string) =>
    send<CreatedToken>('POST', '/user/tokens', { body, key }),
  removeToken: (id: string) => send<void>('DELETE', `/user/tokens/${id}`),
}

export interface NewAccount { username: string; email: string; name?: string; password: string }

export const door = {
  setUp: (body: NewAccount & { secret: string; teamName?: string }) => send<unknown>('POST', '/setup', { body, stranger: true }),
  readInvitation: (secret: string) => send<InvitationView>('POST', '/invitations/read', { body: { secret }, stranger: true }),
  accept: (body: { secret: string } & Partial<NewAccount>) => send<unknown>('POST', '/invitations/accept', { body, stranger: true }),
  signInRequest: (id: string) => send<SignInRequest>('GET', `/sign-in-requests/${id}`),
  decideSignIn: (id: string, how: 'approve' | 'deny') => send<void>('POST', `/sign-in-requests/${id}/${how}`),
}
