// SPDX-License-Identifier: Apache-2.0
// Open cases by the step that they are at, the nearest clock first. Each is a link; the arrow keys go from one to the next.
import type { CaseSummary } from '../api/types';
import { inert } from './inert';
import { ClockLine } from './parts';
import '../styles/incident.css';

const kClosing = 'Chờ đóng hồ sơ';

function nearest(c: CaseSummary): number {
  const due = (c.clocks ?? []).flatMap((clock) => (clock.due_at ? [Date.parse(clock.due_at)] : []));
  return due.length > 0 ? Math.min(...due) : Infinity;
}

/** Steps in the order of the procedure: as far as the cases have come. */
function columnsOf(cases: CaseSummary[]): [string, CaseSummary[]][] {
  const columns = new Map<string, CaseSummary[]>();
  for (const c of [...cases].sort((a, b) => a.steps_done - b.steps_done)) {
    const step = c.current_step || kClosing;
    columns.set(step, [...(columns.get(step) ?? []), c]);
  }
  const list = [...columns].sort((a, b) => Number(a[0] === kClosing) - Number(b[0] === kClosing));
  for (const [, held] of list) held.sort((a, b) => nearest(a) - nearest(b) || a.title.localeCompare(b.title, 'vi'));
  return list;
}

/** Left and right between columns, up and down within one. */
function move(event: KeyboardEvent): void {
  const board = event.currentTarget as HTMLElement;
  const columns = [...board.querySelectorAll('section')].map((s) => [...s.querySelectorAll<HTMLAnchorElement>('a[data-card]')]);
  const column = columns.findIndex((cards) => cards.includes(document.activeElement as HTMLAnchorElement));
  if (column < 0) return;
  const row = columns[column]!.indexOf(document.activeElement as HTMLAnchorElement);
  const beside = { ArrowLeft: columns[column - 1], ArrowRight: columns[column + 1] }[event.key];
  const wanted = beside ? beside[Math.min(row, beside.length - 1)] : { ArrowUp: columns[column]![row - 1], ArrowDown: columns[column]![row + 1] }[event.key];
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
}

export function CaseBoard({ cases }: { cases: CaseSummary[] }) {
  return (
    <div class="case-board" onKeyDown={move} data-testid="case-board">
      {columnsOf(cases).map(([step, held], i) => (
        <section key={step} aria-labelledby={`column-${i}`}>
          <h2 id={`column-${i}`}>{step} <span class="muted num">{held.length}</span></h2>
          <ul>
            {held.map((c) => {
              const first = (c.clocks ?? []).find((clock) => clock.due_at && Date.parse(clock.due_at) === nearest(c)) ?? c.clocks?.[0];
              return (
                <li key={c.id} class="panel"><a data-card href={`/su-co/${encodeURIComponent(c.id)}`}>{inert(c.title)}</a>
                  <p class="muted">{c.agency_name}{c.exercise && ', diễn tập'}</p>
                  {first && <ClockLine clock={first} />}</li>
              );
            })}
          </ul>
        </section>
      ))}
    </div>
  );
}
