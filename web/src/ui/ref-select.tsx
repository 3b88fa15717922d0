// SPDX-License-Identifier: Apache-2.0
// A choice among the records of another register, or among agencies: people choose by name, forms keep the id. A register that
// is longer than the list is searched by what is typed.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { RegisterRecord } from '../api/types';
import { compareNames } from '../text/format';
import { useAgencies } from './agencies';
import { recordName, registersByKind, wantRegisters } from './registers';

const kOptionsMax = 200;  // one page of the list
const kTypingMs = 300;    // asked when the typing rests

interface Options {
  list: { id: string; name: string }[];
  /** There are more than the list holds. */
  more: boolean;
}

/** Of a member that names whom a record goes to: those that the own records of this register may be sent to. */
function useAddressees(register: string | undefined, caseId: string): { id: string; name: string }[] {
  const [list, setList] = useState<{ id: string; name: string }[]>([]);
  useEffect(() => {
    if (!register) return undefined;
    const abort = new AbortController();
    get('/registers/{kind}/addressees', { path: { kind: register }, query: caseId ? { case: caseId } : {}, signal: abort.signal }).then(({ items }) => setList(items), () => undefined);
    return () => abort.abort();
  }, [register, caseId]);
  return list;
}

function useOptions(kind: string, value: string, text: string, sends: string | undefined, caseId: string): Options {
  const agencies = useAgencies();
  const addressees = useAddressees(sends, caseId);
  const [found, setFound] = useState<{ records: RegisterRecord[]; more: boolean }>({ records: [], more: false });
  const [machines, setMachines] = useState<Options>({ list: [], more: false });
  const [chosen, setChosen] = useState<RegisterRecord | null>(null);
  useEffect(() => {
    if (kind === 'agency') return undefined;
    wantRegisters();
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      if (kind === 'device') {
        get('/devices', { query: { limit: kOptionsMax, q: text }, signal: abort.signal }).then(
          ({ items, next_cursor }) => setMachines({ list: items.map((d) => ({ id: d.id, name: d.name || d.hostname || d.id })), more: !!next_cursor || text !== '' }), () => undefined);
        return;
      }
      get('/registers/{kind}', { path: { kind }, query: { limit: kOptionsMax, q: text }, signal: abort.signal }).then(
        ({ items, next_cursor }) => setFound({ records: items, more: !!next_cursor || text !== '' }), () => undefined);
    }, text === '' ? 0 : kTypingMs);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [kind, text]);
  // What was chosen before may not be on the page: it is asked for by itself.
  const missing = kind !== 'agency' && kind !== 'device' && value !== '' && !found.records.some((r) => r.id === value) && chosen?.id !== value;
  useEffect(() => {
    if (!missing) return;
    get('/registers/{kind}/{id}', { path: { kind, id: value } }).then(setChosen, () => undefined);
  }, [kind, value, missing]);
  if (kind === 'agency') return { list: sends ? addressees : agencies, more: false };
  if (kind === 'device') return value === '' || machines.list.some((m) => m.id === value) ? machines : { ...machines, list: [{ id: value, name: value }, ...machines.list] };
  const records = chosen && chosen.id === value && !found.records.some((r) => r.id === value) ? [chosen, ...found.records] : found.records;
  return { more: found.more, list: records.map((r) => ({ id: r.id, name: recordName(registersByKind.value.get(kind), r.doc) || r.id }))
    .sort((a, b) => compareNames(a.name, b.name)) };
}

export function RefSelect({ kind, sends, caseId = '', value, common, onChange }: {
  kind: string; sends?: string | undefined; caseId?: string; value: string; common: Record<string, unknown>; onChange: (id: string) => void;
}) {
  const [text, setText] = useState('');
  const { list, more } = useOptions(kind, value, text.trim(), sends, caseId);
  const known = value === '' || list.some((o) => o.id === value);
  return (
    <>
      {more && <input class="ref-search" type="search" value={text} placeholder="Gõ để tìm trong sổ" aria-label="Tìm mục để chọn" disabled={common.disabled === true}
                      onInput={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => e.key === 'Enter' && e.preventDefault()} />}
      <select {...common} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
        <option value="">{list.length > 0 ? 'Chọn…' : text ? 'Không có mục nào khớp' : 'Chưa có mục nào để chọn'}</option>
        {!known && <option value={value}>{value}</option>}
        {list.map((o) => <option key={o.id} value={o.id}>{o.name}</option>)}
      </select>
    </>
  );
}
