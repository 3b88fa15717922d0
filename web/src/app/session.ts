// SPDX-License-Identifier: Apache-2.0
// Who is signed in and what the role may use. The hub decides; hiding here is courtesy only.
import { signal } from '@preact/signals';
import { ApiError, get, problemFrom, remove, sessionLost, setCsrfToken } from '../api/client';
import type { Problem, Session } from '../api/types';
import { clearDrafts } from '../ui/draft';

export const session = signal<Session | null | undefined>(undefined);
export const startProblem = signal<Problem | null>(null);

export function setSession(next: Session): void {
  setCsrfToken(next.csrf_token);
  sessionLost.value = next.must_change_password ? 'must_change_password' : 'no';
  startProblem.value = null;
  session.value = next;
}

export async function loadSession(): Promise<void> {
  try {
    setSession(await get('/session'));
  } catch (cause) {
    if (cause instanceof ApiError && cause.problem.status === 401) session.value = null;
    else startProblem.value = problemFrom(cause);
  }
}

export async function signOut(): Promise<void> {
  try {
    await remove('/session');
  } finally {
    clearDrafts();
    session.value = null;
  }
}

/** "read:event", "create:incident", ... */
export function may(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false;
}
