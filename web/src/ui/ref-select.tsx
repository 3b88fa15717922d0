// SPDX-License-Identifier: Apache-2.0
// A choice among the records of another register, or among agencies: people choose by name, forms keep the id.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { RegisterRecord } from '../api/types';
import { compareNames } from '../text/format';
import { useAgencies } from './agencies';
import { recordName, registersByKind, wantRegisters } from './registers';

const kOptionsMax = 200;  // one page of the list; longer registers are narrowed by what is typed elsewhere

function useOptions(kind: string): { id: string; name: string }[] {
  const agencies = useAgencies();
  const [records, setRecords] = useState<RegisterRecord[]>([]);
  useEffect(() => {
    if (kind === 'agency') return;
    wantRegisters();
    get('/registers/{kind}', { path: { kind }, query: { limit: kOptionsMax } }).then(({ items }) => setRecords(items), () => undefined);
  }, [kind]);
  if (kind === 'agency') return agencies;
  return records.map((r) => ({ id: r.id, name: recordName(registersByKind.value.get(kind), r.doc) || r.id })).sort((a, b) => compareNames(a.name, b.name));
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
