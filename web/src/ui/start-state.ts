// SPDX-License-Identifier: Apache-2.0
// How far a person has come with the first declarations: the number of the screen, or done. Kept in this browser; what was
// declared is kept by the hub, so that losing this loses nothing.
const key = (user: string): string => `phendau.start.${user}`;

export function startState(user: string): number | 'done' | null {
  try {
    const text = localStorage.getItem(key(user));
    if (text === null || text === 'done') return text as 'done' | null;
    const n = Number(text);
    return Number.isInteger(n) && n >= 0 ? n : null;
  } catch {
    return null;
  }
}

export function keepStart(user: string, state: number | 'done'): void {
  try {
    localStorage.setItem(key(user), String(state));
  } catch {
    // Not remembered: it begins with the first screen again.
  }
}
