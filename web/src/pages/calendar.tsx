// SPDX-License-Identifier: Apache-2.0
// Lịch: the days on which something is due, as a month and as a list; printable.
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { changes } from '../app/stream';
import type { Tasks } from '../api/types';
import { addMonths, dayText, leftText, weeksOf } from '../text/periods';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { StatusMark } from '../ui/status';
import type { Status } from '../api/types';
import '../styles/tasks.css';

interface Entry {
  id: string;
  day: string;
  title: string;
  place: string;
  href: string;
  status: Status;
}

function entriesOf(data: Tasks): Entry[] {
  const duties = data.items.filter((t) => t.last_good_day).map((t): Entry => ({
    id: t.id, day: t.last_good_day!, title: t.name, place: t.citation, status: t.status, href: `/viec-cua-toi?viec=${encodeURIComponent(t.id)}` }));
  const steps = data.steps.filter((s) => s.due_at).map((s): Entry => {
    const day = new Date(Date.parse(s.due_at!) + 7 * 3600_000).toISOString().slice(0, 10);
    return { id: s.case_id, day, title: `${s.title}: ${s.case_title}`, place: s.agency_name, status: day < data.today ? 'overdue' : 'due', href: `/su-co/${encodeURIComponent(s.case_id)}` };
  });
  return [...duties, ...steps].sort((a, b) => a.day.localeCompare(b.day));
}

const kDays = ['Thứ hai', 'Thứ ba', 'Thứ tư', 'Thứ năm', 'Thứ sáu', 'Thứ bảy', 'Chủ nhật'];
const kPerDay = 3;  // more are in the list below

function Grid({ month, today, entries }: { month: string; today: string; entries: Entry[] }) {
  return (
    <table class="month" data-testid="month">
      <thead><tr>{kDays.map((d) => <th key={d} scope="col">{d}</th>)}</tr></thead>
      <tbody>{weeksOf(month).map((week) => (
        <tr key={week[0]}>{week.map((day) => {
          const here = entries.filter((e) => e.day === day);
          return (
            <td key={day} class={`${day.slice(0, 7) === month ? '' : 'outside'}${day === today ? ' today' : ''}`} data-day={day}>
              <span class="num day-number">{Number(day.slice(8))}{day === today && <span class="sr-only"> hôm nay</span>}</span>
              {here.slice(0, kPerDay).map((e) => <a key={e.id} href={e.href} class={`day-entry s-${e.status}`} title={`${e.title}, ${e.place}`}>{inert(e.title)}</a>)}
              {here.length > kPerDay && <a class="day-more" href={`#ngay-${day}`}>và {here.length - kPerDay} việc nữa</a>}
            </td>
          );
        })}</tr>
      ))}</tbody>
    </table>
  );
}

export default function Calendar() {
  const loaded = useLoad((abort) => get('/tasks', { signal: abort }), []);
  useChange(changes.obligation.value, loaded.reload, 5000);
  return (
    <Shown of={loaded} rows={8}>
      {(data) => {
        const wanted = query.value.get('thang') ?? '';
        const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(wanted) ? wanted : data.today.slice(0, 7);
        const all = entriesOf(data);
        const shown = all.filter((e) => e.day.startsWith(month));
        const days = [...new Set(shown.map((e) => e.day))];
        const turn = (by: number): void => setQuery({ thang: addMonths(month, by) });
        return (
          <>
            <PageHead title={`Lịch tháng ${Number(month.slice(5))}/${month.slice(0, 4)}`} sub={shown.length === 0 ? 'Không có hạn nào trong tháng này.' : `${shown.length} hạn trong tháng.`}>
              <Button icon="left" aria-label="Tháng trước" onClick={() => turn(-1)} data-testid="month-before" />
              <Button onClick={() => setQuery({ thang: null })}>Tháng này</Button>
              <Button icon="right" aria-label="Tháng sau" onClick={() => turn(1)} data-testid="month-after" />
              <Button icon="print" onClick={() => window.print()}>In</Button>
            </PageHead>
            <Grid month={month} today={data.today} entries={all} />
            <section class="panel" aria-labelledby="days"><h2 id="days">Theo ngày</h2>
              {shown.length === 0 ? <Blank title="Không có hạn nào trong tháng này"><p>Hạn là ngày cuối còn kịp. Việc chưa có hạn nằm ở trang <a href="/viec-cua-toi">Việc của tôi</a>.</p></Blank> : (
                <ul class="list" data-testid="days">{days.map((day) => (
                  <li key={day} id={`ngay-${day}`}>
                    <p><b class="num">{dayText(day)}</b> <span class="muted">{leftText(data.today, day)}</span></p>
                    <ul>{shown.filter((e) => e.day === day).map((e) => (
                      <li key={e.id} class="day-line" data-row tabIndex={-1}><StatusMark status={e.status} /> <span><a data-primary href={e.href}>{inert(e.title)}</a> <span class="muted">{e.place}</span></span></li>))}</ul>
                  </li>))}</ul>
              )}
            </section>
            <p class="muted small">Muốn thấy lịch này trong ứng dụng lịch của điện thoại, máy tính: lấy địa chỉ lịch riêng ở trang <a href="/tai-khoan">Tài khoản</a>.</p>
          </>
        );
      }}
    </Shown>
  );
}
