// SPDX-License-Identifier: Apache-2.0
// Việc của tôi: what my agency owes, ordered by the day it is due, each with the button that leads to doing it; then what waits
// for me in cases and registers.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import { query } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Task, Tasks as Data } from '../api/types';
import { numberText } from '../text/format';
import { TaskRow } from '../ui/duty';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, ClockLine, PageHead, When } from '../ui/parts';
import { startState } from '../ui/start-state';
import { Blank, Shown } from '../ui/states';
import { Why } from '../ui/why-drawer';

const kGroups = [
  ['late', 'Quá hạn, vi phạm'], ['month', 'Trong tháng này'], ['later', 'Sắp tới'], ['undated', 'Chưa có hạn, còn thiếu thông tin'],
] as const;

function finding(data: Data): string {
  const { late, month } = data.groups;
  const parts = [];
  if (late > 0) parts.push(`${numberText(late)} việc quá hạn`);
  if (month > 0) parts.push(`${numberText(month)} việc phải xong trong tháng này`);
  const waiting = data.steps.length + data.effects.length + data.records.length;
  if (waiting > 0) parts.push(`${numberText(waiting)} hồ sơ, bản ghi chờ anh chị`);
  return parts.length > 0 ? `${parts.join(', ')}.` : 'Không có việc nào đến hạn trong tháng này.';
}

function Waiting({ data }: { data: Data }) {
  if (data.steps.length + data.effects.length + data.records.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="waiting">
      <h2 id="waiting">Chờ anh chị xử lý</h2>
      <ul class="list">
        {data.steps.map((s) => (
          <li key={s.case_id} data-row tabIndex={-1} data-testid="waiting-step">
            <a data-primary href={`/su-co/${encodeURIComponent(s.case_id)}`}>{inert(s.case_title)}</a>
            <p class="muted">{s.title}, {s.agency_name}</p>
            {s.due_at && <ClockLine clock={{ label: s.title, due_at: s.due_at, overdue: false }} />}
          </li>
        ))}
        {data.effects.map((e) => (
          <li key={`${e.case_id}/${e.effect}`} data-row tabIndex={-1} data-testid="waiting-effect" data-effect={e.effect}>
            <a data-primary href={`/su-co/${encodeURIComponent(e.case_id)}`}>{inert(e.case_title)}</a>
            <p class="muted">{e.state === 'proposed' ? 'Chờ ra lệnh' : 'Hệ thống không làm được'}: {e.title}, {e.agency_name}, từ <When at={e.since} /></p>
            {e.outcome && <p class={e.state === 'failed' ? 'note-line' : 'muted'}>{inert(e.outcome)}</p>}
          </li>
        ))}
        {data.records.map((r) => (
          <li key={r.id} data-row tabIndex={-1} data-testid="waiting-record">
            <a data-primary href={`/so-dang-ky/${r.register}/${encodeURIComponent(r.id)}`}>{inert(r.name)}</a>
            <p class="muted">{r.register_title}, {r.agency_name}, {r.state.toLowerCase()} từ <When at={r.since} />. Có thể: {r.moves.join(', ').toLowerCase()}.</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Tasks() {
  const marked = query.value.get('viec') ?? '';
  const [asked, setAsked] = useState<{ task: Task; attest: boolean } | null>(null);
  const loaded = useLoad((abort) => get('/tasks', { signal: abort }), []);
  useChange(changes.obligation.value + changes.record.value + changes.incident.value, loaded.reload, 5000);
  useEffect(() => {
    if (!marked || !loaded.data) return;
    const row = document.getElementById(`viec-${marked}`);
    row?.closest('details')?.setAttribute('open', '');
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
  }, [marked, loaded.data !== null]);
  const begun = startState(session.value!.user.id);
  const offersStart = session.value!.user.role === 'agency_officer' && begun !== 'done';
  return (
    <>
      <PageHead title="Việc của tôi" sub={loaded.data && finding(loaded.data)}>
        <a class="button" href="/lich"><Icon name="calendar" size={16} />Xem lịch</a>
        <Button icon="print" onClick={() => window.print()}>In</Button>
      </PageHead>
      {offersStart && (
        <p class="start-offer" data-testid="start-offer"><span><b>{begun === null ? 'Mới dùng lần đầu?' : 'Khai báo ban đầu còn dở.'}</b> Mười màn hình ngắn để khai báo cơ quan, người phụ trách, máy tính và những gì đã có.</span>
          <a class="button main" href="/bat-dau">{begun === null ? 'Bắt đầu khai báo' : 'Khai báo tiếp'}</a></p>
      )}
      <Shown of={loaded} rows={8}>
        {(data) => {
          const several = new Set(data.items.map((t) => t.agency_id)).size > 1;
          return (
            <>
              <Waiting data={data} />
              {data.items.length === 0 && <Blank icon="done" title="Không còn việc nào đang chờ"><p>Việc mới sẽ hiện ở đây trước khi đến hạn.</p></Blank>}
              {kGroups.map(([group, title]) => {
                const shown = data.items.filter((t) => t.group === group);
                if (shown.length === 0) return null;
                const open = group === 'late' || group === 'month' || shown.some((t) => t.id === marked);
                return (
                  <details class="panel tasks" key={group} open={open} data-testid={`tasks-${group}`}>
                    <summary><h2>{title} <span class="muted num">{numberText(data.groups[group])}</span></h2></summary>
                    <ul class="task-list">
                      {shown.map((t) => <TaskRow key={`${t.id}${t.status}`} task={t} today={data.today} marked={t.id === marked} showAgency={several} onWhy={() => setAsked({ task: t, attest: false })}
                        onAttest={() => setAsked({ task: t, attest: true })} />)}
                    </ul>
                  </details>
                );
              })}
              {data.more > 0 && <p class="muted">Còn {numberText(data.more)} việc ít gấp hơn, xem ở trang <a href="/nghia-vu">Nghĩa vụ</a>.</p>}
            </>
          );
        }}
      </Shown>
      {asked && may('read:obligation') && <Why question={{ clause: asked.task.clause, title: asked.task.title, agency: asked.task.agency_id || undefined, agencyName: asked.task.agency_name, attest: asked.attest }}
        onClose={() => { setAsked(null); loaded.reload(); }} />}
    </>
  );
}
