// SPDX-License-Identifier: Apache-2.0
// What an alert is about, in words: "máy mc-01, tài khoản root".
import { entityWords } from '../text/words';
import { inert } from './inert';

export function entityText(entity: Record<string, string>): string {
  return Object.entries(entity).map(([field, value]) => `${entityWords[field] ?? field} ${inert(value)}`).join(', ');
}
