// SPDX-License-Identifier: Apache-2.0
// The registers of the pack with their schemas, asked once per sign-in: the answer is large and does not change while a
// person works. Values and names of records in words, as the schema says them.
import { signal } from '@preact/signals';
import { get } from '../api/client';
import { session } from '../app/session';
import type { Register } from '../api/types';
import { valueWord } from '../text/facts';
import { dateText, timeText, upperFirst } from '../text/format';
import { periodText } from '../text/periods';
import { agencyName } from './agencies';
import { fieldsOf, type Doc, type Field } from './schema-form';

let asked: { user: string; list: Promise<Register[]> } | null = null;

export function loadRegisters(): Promise<Register[]> {
  const user = session.value!.user.id;
  if (asked?.user !== user) {
    const list = get('/registers').then(({ items }) => items);
    asked = { user, list };
    list.catch(() => (asked = null));
  }
  return asked!.list;
}

/** For sentences that name a record; empty until somebody asked for it. */
export const registersByKind = signal<Map<string, Register>>(new Map());

export function wantRegisters(): void {
  if (registersByKind.value.size > 0) return;
  loadRegisters().then((list) => (registersByKind.value = new Map(list.map((r) => [r.kind, r]))), () => undefined);
}

export function stateTitle(register: Register, state: string): string {
  return register.states.find((s) => s.id === state)?.title ?? state;
}

export function valueText(field: Field, value: unknown): string {
  if (value === undefined || value === null || value === '') return '';
  const word = (one: unknown): string => field.choices.find((c) => c.value === String(one))?.word ?? String(one);
  if (field.kind === 'yes') return value === true ? 'có' : 'không';
  if (field.kind === 'date') return dateText(String(value));
  if (field.kind === 'time') return timeText(String(value));
  if (field.kind === 'period') return upperFirst(periodText(String(value))) || String(value);
  if (field.kind === 'choice' || field.kind === 'named') return word(value);
  if (field.kind === 'choices') return (value as unknown[]).map(word).join(', ');
  if (field.kind === 'number') return String(value).replace('.', ',');
  if (field.kind === 'list') return `${(value as unknown[]).length} dòng`;
  if (field.ref === 'agency') return agencyName(String(value));
  return Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? valueWord(value) : String(value);
}

const kNames = ['name', 'full_name', 'title', 'number', 'subject', 'what', 'prefix', 'address', 'serial', 'code', 'software', 'device'];

/** What a person calls a record: its first telling member, else the first two things that every record of the kind has. */
export function recordName(register: Register | undefined, doc: Doc): string {
  const fields = register ? fieldsOf(register.schema) : [];
  for (const name of kNames) {
    const field = fields.find((f) => f.name === name);
    if (typeof doc[name] === 'string' && doc[name] !== '') return field ? valueText(field, doc[name]) : String(doc[name]);
  }
  const said = fields.filter((f) => f.required).map((f) => valueText(f, doc[f.name])).filter(Boolean).slice(0, 2);
  if (said.length > 0) return said.join(' · ');
  return String(Object.values(doc).find((value) => typeof value === 'string' && value !== '') ?? '');
}

/** "leaver/01.." in state "open" as evidence of a verdict. */
export function recordEvidence(ref: string, state: string): string {
  const kind = ref.split('/')[0]!;
  const register = registersByKind.value.get(kind);
  if (kind === 'user') return 'Tài khoản của cổng';
  if (!register) return 'Bản ghi trong sổ';
  const title = state ? stateTitle(register, state) : '';
  return `${register.title}${title && title !== state ? `: ${title.toLowerCase()}` : ''}`;
}
