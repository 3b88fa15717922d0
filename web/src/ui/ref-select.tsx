// SPDX-License-Identifier: Apache-2.0
// A choice among the records of another register, or among agencies: people choose by name, forms keep the id.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { RegisterRecord } from '../api/types';
import { compareNames } from '../text/format';
import { useAgencies } from './agencies';

const kOptionsMax = 200;  // one page of the list; longer registers are narrowed by what is typed elsewhere

/** What a person calls a record: its first telling member. */
export function nameOf(doc: Record<string, unknown>): string {
  for (const name of ['name', 'full_name', 'title', 'number', 'subject', 'what', 'prefix', 'address', 'serial', 'code']) {
    if (typeof doc[name] === 'string' && doc[name] !== '') return String(doc[name]);
  }
  const first = Object.values(doc).find((value) => typeof value === 'string' && value !== '');
  return first === undefined ? '' : String(first);
}

function useOptions(kind: string): { id: string; name: string }[] {
  const agencies = useAgencies();
  const [records, setRecords] = useState<RegisterRecord[]>([]);
  useEffect(() => {
    if (kind === 'agency') return;
    get('/registers/{kind}', { path: { kind }, query: { limit: kOptionsMax } }).then(({ items }) => setRecords(items), () => undefined);
  }, [kind]);
  if (kind === 'agency') return agencies;
  return records.map((r) => ({ id: r.id, name: nameOf(r.doc) || r.id })).sort((a, b) => compareNames(a.name, b.name));
}

export function RefSelect({ kind, value, common, onChange }: {
  kind: string; value: string; common: Record<string, unknown>; onChange: (id: string) => void;
}) {
  const options = useOptions(kind);
  const known = value === '' || options.some((o) => o.id === value);
  return (
    <select {...common} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
      <option value="">{options.length === 0 ? 'Chưa có mục nào để chọn' : 'Chọn…'}</option>
      {!known && <option value={value}>{value}</option>}
      {options.map((o) => <option key={o.id} value={o.id}>{o.name}</option>)}
    </select>
  );
}
