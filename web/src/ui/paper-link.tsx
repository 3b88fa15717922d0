// SPDX-License-Identifier: Apache-2.0
// To the papers of one record of a register, with what can be drafted from it.
import { get } from '../api/client';
import { may } from '../app/session';
import { useLoad } from './load';

/** For pages that know that there is a paper. */
export function PaperLink({ record, label = 'Soạn văn bản', also = '' }: { record: string; label?: string; also?: string }) {
  if (!may('read:record')) return null;
  return <a class="small" href={`/giay-to?ban-ghi=${encodeURIComponent(record)}&soan=1`} aria-label={`${label}${also && ` ${also}`}`} data-testid="record-paper">{label}</a>;
}

/** For any register: nothing where the pack has no paper that begins from its records. */
export function PapersOf({ record }: { record: string }) {
  const kinds = useLoad((abort) => get('/paper-kinds', { signal: abort, query: { record } }), [record]);
  if (!kinds.data || kinds.data.items.length === 0) return null;
  return (
    <section class="panel"><h2>Giấy tờ</h2>
      <p><a href={`/giay-to?ban-ghi=${encodeURIComponent(record)}`} data-testid="record-papers">Văn bản đã soạn</a></p>
      {kinds.data.may_create && <p><PaperLink record={record} /></p>}
    </section>
  );
}
