// SPDX-License-Identifier: Apache-2.0
// Nghĩa vụ: clauses x agencies. Every cell is a button that answers "vì sao?".
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { changes } from '../app/stream';
import type { Clause, Matrix, MatrixCell, Status } from '../api/types';
import { statusOrder, statusWords, worst } from '../text/words';
import { AgencySelect } from '../ui/agencies';
import { Icon } from '../ui/icon';
import { useChange, useLoad } from '../ui/load';
import { Button, Chip, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { StatusMark, statusIcons } from '../ui/status';
import { Why } from '../ui/why-drawer';
import '../styles/obligations.css';

function article(citation: string): string {
  return /Điều\s+\d+/.exec(citation)?.[0] ?? 'Khác';
}

/** "Quy chế, Điều 3, khoản 1, điểm b" -> "khoản 1, điểm b": the group says the rest. */
function within(citation: string): string {
  return citation.replace(/^.*?Điều\s+\d+\s*,?\s*/, '') || citation;
}

function CellButton({ clause, cell, agencyName, onOpen }: { clause: Clause; cell: MatrixCell; agencyName: string; onOpen: () => void }) {
  const words = statusWords[cell.status];
  const fraction = cell.total > 0 ? `${cell.met}/${cell.total}` : '';
  const unknown = cell.unknown > 0 && cell.unknown < cell.total ? `, ${cell.unknown} chưa rõ` : '';
  return (
    <button type="button" class={`cell s-${cell.status}`} onClick={onOpen} data-primary data-testid="matrix-cell" data-clause={clause.id}
            data-agency={cell.agency} data-status={cell.status} aria-haspopup="dialog"
            aria-label={`${clause.title}, ${agencyName}: ${words}${fraction && ` ${fraction}`}${unknown}. Vì sao?`}>
      <Icon name={statusIcons[cell.status]} size={16} />
      <span class="cell-word">{words}</span>
      {fraction && <span class="num muted">{fraction}{unknown}</span>}
    </button>
  );
}

function Table({ m, wanted, onOpen }: { m: Matrix; wanted: Status[]; onOpen: (clause: string, agency: string) => void }) {
  const cells = useMemo(() => new Map(m.cells.map((c) => [`${c.clause}|${c.agency}`, c])), [m]);
  const shows = (c: Clause): boolean => wanted.length === 0 || m.agencies.some((a) => wanted.includes(cells.get(`${c.id}|${a.id}`)?.status ?? 'not_applicable'));
  const [turned, setTurned] = useState<Set<string>>(new Set());
  const turn = (name: string): void => {
    const next = new Set(turned);
    if (!next.delete(name)) next.add(name);
    setTurned(next);
  };
  const groups = new Map<string, Clause[]>();
  for (const clause of m.clauses.filter(shows)) {
    const name = article(clause.citation);
    groups.set(name, [...(groups.get(name) ?? []), clause]);
  }
  if (groups.size === 0) return <Blank icon="obligation" title="Không có điều khoản nào ở trạng thái này"><Button onClick={() => setQuery({ status: null })}>Xem tất cả</Button></Blank>;
  // A phone shows one article at a time; a filter leaves little enough to show it all.
  const closedAtFirst = wanted.length === 0 && window.matchMedia('(max-width: 760px)').matches;
  return (
    <div class="matrix-scroll" tabIndex={0} role="region" aria-label="Bảng nghĩa vụ, cuộn ngang được">
      <table class="matrix" data-testid="matrix">
        <thead><tr><th scope="col">Điều khoản</th>{m.agencies.map((a) => <th scope="col" key={a.id}>{a.name}</th>)}</tr></thead>
        {[...groups].map(([name, list]) => {
          const counts: Partial<Record<Status, number>> = {};
          for (const c of list) for (const a of m.agencies) {
            const cell = cells.get(`${c.id}|${a.id}`);
            if (cell) counts[cell.status] = (counts[cell.status] ?? 0) + 1;
          }
          const closed = turned.has(name) !== closedAtFirst;
          return (
            <tbody key={name} class={closed ? 'closed' : ''}>
              <tr class="group"><th scope="rowgroup" colSpan={m.agencies.length + 1}>
                <button type="button" class="group-button keep" aria-expanded={!closed} onClick={() => turn(name)} data-testid="matrix-group"><Icon name={closed ? 'right' : 'down'} size={14} />{name}</button>
                <StatusMark status={worst(counts)} /></th></tr>
              {list.map((c) => (
                <tr key={c.id} data-row tabIndex={-1} data-testid="matrix-row" data-clause={c.id}>
                  <th scope="row"><span class="clause-title">{c.title}</span><span class="muted clause-place">{within(c.citation)}</span></th>
                  {m.agencies.map((a) => {
                    const cell = cells.get(`${c.id}|${a.id}`);
                    return <td key={a.id} data-label={a.name}>{cell
                      ? <CellButton clause={c} cell={cell} agencyName={a.name} onOpen={() => onOpen(c.id, a.id)} />
                      : <span class="muted cell-none">không áp dụng</span>}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}

export default function Obligations() {
  const q = query.value;
  const agency = q.get('agency') ?? '';
  const wanted = (q.get('status') ?? '').split(',').filter(Boolean) as Status[];
  const [clauseId, agencyId] = [q.get('clause'), q.get('at') ?? agency];
  const loaded = useLoad((abort) => get('/obligations/matrix', { signal: abort, query: { agency } }), [agency]);
  useChange(changes.obligation.value, loaded.reload, 5000);
  useEffect(() => {
    const main = document.getElementById('main');
    main?.classList.add('fill');
    return () => main?.classList.remove('fill');
  }, []);
  const m = loaded.data;
  const counts: Partial<Record<Status, number>> = {};
  for (const cell of m?.cells ?? []) counts[cell.status] = (counts[cell.status] ?? 0) + 1;
  const clause = m?.clauses.find((c) => c.id === clauseId);
  return (
    <>
      <PageHead title="Nghĩa vụ" sub={m && `${m.clauses.length} điều khoản × ${m.agencies.length} cơ quan. Mỗi ô gộp mọi kết luận của điều khoản ở cơ quan đó và lấy kết luận xấu nhất; số trên nút lọc là số ô. Chọn một ô để xem vì sao.`}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
      </PageHead>
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Trạng thái">
          {statusOrder.filter((s) => counts[s] || wanted.includes(s)).map((s) => (
            <Chip key={s} pressed={wanted.includes(s)} testid={`filter-${s}`} onClick={() => setQuery({
              status: (wanted.includes(s) ? wanted.filter((x) => x !== s) : [...wanted, s]).join(',') }, { replace: true })}>
              <StatusMark status={s} /> <span class="num">{counts[s] ?? 0}</span>
            </Chip>
          ))}
        </div>
        <AgencySelect value={agency} onChange={(id) => setQuery({ agency: id })} />
      </div>
      <Shown of={loaded} rows={14}>
        {(matrix) => matrix.clauses.length === 0
          ? <Blank icon="obligation" title="Chưa có bộ quy định nào có hiệu lực"><p>Quản trị viên chọn bộ quy định ở trang Quản trị.</p></Blank>
          : <Table m={matrix} wanted={wanted} onOpen={(c, a) => setQuery({ clause: c, at: a }, { replace: true })} />}
      </Shown>
      {clause && <Why question={{ clause: clause.id, title: clause.title, agency: agencyId || undefined, agencyName: m?.agencies.find((a) => a.id === agencyId)?.name }}
                      onClose={() => setQuery({ clause: null, at: null }, { replace: true })} />}
    </>
  );
}
