// SPDX-License-Identifier: Apache-2.0
// What screen readers are told, and the same sentence shown briefly at the bottom of the screen.
import { signal } from '@preact/signals';

const spoken = signal('');
const shown = signal<{ text: string; bad: boolean } | null>(null);
let timer: number | undefined;

/** Spoken only. */
export function announce(text: string): void {
  spoken.value = text;
}

/** Spoken and shown for a few seconds: the result of something that the person did. */
export function tell(text: string, bad = false): void {
  spoken.value = text;
  shown.value = { text, bad };
  window.clearTimeout(timer);
  timer = window.setTimeout(() => (shown.value = null), bad ? 12_000 : 5000);
}

export function Announcer() {
  return (
    <>
      <div class="sr-only" role="status" aria-live="polite" data-testid="live-region">{spoken.value}</div>
      {shown.value && (
        <div class={`toast${shown.value.bad ? ' bad' : ''}`} data-testid="toast">
          {shown.value.text}
          <button type="button" class="bare" aria-label="Đóng thông báo" onClick={() => (shown.value = null)}>×</button>
        </div>
      )}
    </>
  );
}
