// SPDX-License-Identifier: Apache-2.0
// Whether the data are invented. The hub says so to everybody, also before sign-in, so that no screen is taken for real.
import { signal } from '@preact/signals';
import { get } from '../api/client';

export const demo = signal(false);

export function loadDemo(): void {
  get('/health').then((answer) => (demo.value = answer.demo === true), () => undefined);
}
