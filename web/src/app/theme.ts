// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system says; remembered in this browser.
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const kKey = 'phendau.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(kKey);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = signal<Theme>(stored());

export function applyTheme(next: Theme = theme.value): void {
  theme.value = next;
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(kKey, next);
  } catch {
    // Not remembered; still applied.
  }
}
