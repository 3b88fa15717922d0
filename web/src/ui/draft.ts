// SPDX-License-Identifier: Apache-2.0
// Unsent form contents, kept in this browser until they are sent or the person signs out: a dropped line or a closed tab
// loses nothing.
import { signal } from '@preact/signals';

const kPrefix = 'phendau.draft.';

function count(): number {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(kPrefix)).length;
  } catch {
    return 0;
  }
}

export const draftCount = signal(count());

export function readDraft<T>(id: string): T | null {
  try {
    const text = localStorage.getItem(kPrefix + id);
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}

export function writeDraft(id: string, value: unknown): void {
  try {
    localStorage.setItem(kPrefix + id, JSON.stringify(value));
  } catch {
    // Storage is off or full: the form still works, only without a draft.
  }
  draftCount.value = count();
}

export function dropDraft(id: string): void {
  try {
    localStorage.removeItem(kPrefix + id);
  } catch {
    // See writeDraft.
  }
  draftCount.value = count();
}

export function clearDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(kPrefix)) localStorage.removeItem(key);
  } catch {
    // See writeDraft.
  }
  draftCount.value = 0;
}
