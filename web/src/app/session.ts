// SPDX-License-Identifier: Apache-2.0
// Who is signed in and what the role may use. The hub decides; hiding here is courtesy only.
import { signal } from '@preact/signals';
import { ApiError, get, problemFrom, remove, sessionLost, setCsrfToken, type Lost } from '../api/client';
import type { Problem, Session } from '../api/types';
import { clearDrafts } from '../ui/draft';

export const session = signal<Session | null | undefined>(undefined);
export const startProblem = signal<Problem | null>(null);

/** What the account has to do before anything else; administrators record training, so they go on. */
function dutyOf(next: Session): Lost {
  if (next.must_change_password) return 'must_change_password';
  if (next.must_enrol_totp) return 'must_enrol_totp';
  return next.training.missing && next.user.role !== 'administrator' ? 'training_missing' : 'no';
}

export function setSession(next: Session): void {
  setCsrfToken(next.csrf_token);
  startProblem.value = null;
  session.value = next;
  sessionLost.value = dutyOf(next);
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
