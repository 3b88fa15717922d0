// SPDX-License-Identifier: Apache-2.0
// What an alert is about, in words: "máy mc-01, tài khoản root".
import { entityWords } from '../text/words';
import { inert } from './inert';

/** A field by which an alert names what it is about, in words; one that has none is called as it is. */
export function fieldWord(field: string): string {
  return entityWords[field] ?? field;
}

export function entityText(entity: Record<string, string>): string {
  return Object.entries(entity).map(([field, value]) => `${fieldWord(field)} ${inert(value)}`).join(', ');
}
