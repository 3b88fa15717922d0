// SPDX-License-Identifier: Apache-2.0
// Trang lãnh đạo: one A4 on paper. Where we stand, who is late, what is open, what waits for a signature, what changed.
import { get } from '../api/client';
import { changes } from '../app/stream';
import type { LeaderPage as Data } from '../api/types';
import { dateText, numberText } from '../text/format';
import { fraction, statusOrder, statusWords } from '../text/words';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { StatusMark } from '../ui/status';
import '../styles/overview.css';
import '../styles/province.css';

const percent = (s: { good: number; total: number }): number => (s.total === 0 ? 0 : Math.round((1000 * s.good) / s.total) / 10);

function finding(d: Data): string {
  const parts = [];
  if (d.late.total > 0) parts.push(`${d.late.total} đơn vị có việc quá hạn hoặc vi phạm`);
  if (d.incidents.total > 0) parts.push(`${d.incidents.total} sự cố đang mở`);
  if (d.papers.total > 0) parts.push(`${d.papers.total} việc chờ ý kiến`);
  return parts.length > 0 ? `${parts.join(', ')}.` : 'Không có đơn vị nào quá hạn, không có sự cố đang mở, không có việc chờ ý kiến.';
}

function Years({ d }: { d: Data }) {
  const now = percent(d.this_year);
  if (!d.last_year) return <p class="muted">Năm {d.this_year.year}: <b class="num">{d.this_year.good}/{d.this_year.total}</b> ({numberText(now)} %). Chưa có số liệu năm trước để so.</p>;
  const before = percent(d.last_year);
  const change = Math.round((now - before) * 10) / 10;
  return (
    <p><b class="num">{numberText(now)} %</b> nghĩa vụ đạt trong năm {d.this_year.year} (<span class="num">{d.this_year.good}/{d.this_year.total}</span>),{' '}
      {change === 0 ? 'bằng' : <b>{change > 0 ? `tăng ${numberText(change)}` : `giảm ${numberText(-change)}`} điểm phần trăm</b>} so với năm {d.last_year.year} (<span class="num">{d.last_year.good}/{d.last_year.total}</span>, {numberText(before)} %).</p>
  );
}

function Standing({ d }: { d: Data }) {
  const { good, total, unknown } = fraction(d.counts);
  const shown = statusOrder.filter((s) => d.counts[s]);
  return (
    <section class="panel wide headline" aria-labelledby="standing">
      <h2 id="standing"><span class="big num">{good}/{total}</span> kết luận đạt{(d.counts.violated ?? 0) > 0 && `, ${d.counts.violated} vi phạm`}{unknown > 0 && `, ${unknown} chưa rõ`}</h2>
      <span class="bar" aria-hidden="true">{statusOrder.slice(0, 7).filter((s) => d.counts[s]).map((s) => <i key={s} class={`b-${s}`} style={{ flexGrow: d.counts[s] }} />)}</span>
      <p class="legend">{shown.map((s) => <span key={s}><StatusMark status={s} /> <span class="num">{numberText(d.counts[s]!)}</span></span>)}</p>
      <Years d={d} />
    </section>
  );
}

function More({ shown, total, href }: { shown: number; total: number; href: string }) {
  return total > shown ? <p class="muted"><a href={href}>và {numberText(total - shown)} mục nữa</a></p> : null;
}

export default function LeaderPage() {
  const loaded = useLoad((abort) => get('/leader', { signal: abort }), []);
  useChange(changes.obligation.value + changes.incident.value + changes.record.value, loaded.reload, 15_000);
  return (
    <>
      <PageHead title="Trang lãnh đạo" sub={loaded.data && <>{loaded.data.province ? `Toàn tỉnh, ${loaded.data.agencies} đơn vị` : inert(loaded.data.agency_name ?? '')}: {finding(loaded.data)}</>}>
        <Button icon="print" onClick={() => window.print()} data-testid="print">In một trang</Button>
      </PageHead>
      <Shown of={loaded} rows={10}>
        {(d) => (
          <div class="leader" data-testid="leader">
            <Standing d={d} />
            <section class="panel" aria-labelledby="late"><h2 id="late">{d.late.total === 0 ? 'Không có đơn vị nào chậm' : `${d.late.total} đơn vị chậm`}</h2>
              <ul class="list">{d.late.items.map((a) => (
                <li key={a.id} data-row tabIndex={-1}><a data-primary href={`/nghia-vu?agency=${encodeURIComponent(a.id)}&status=overdue`}>{a.name}</a>
                  <span class="muted num"> {a.counts.overdue ?? 0} quá hạn, {a.counts.violated ?? 0} vi phạm, đạt {fraction(a.counts).good}/{fraction(a.counts).total}</span></li>
              ))}</ul>
              <More shown={d.late.items.length} total={d.late.total} href="/nghia-vu" />
            </section>
            <section class="panel" aria-labelledby="open"><h2 id="open">{d.incidents.total === 0 ? 'Không có sự cố đang mở' : `${d.incidents.total} sự cố đang mở`}</h2>
              <ul class="list">{d.incidents.items.map((c) => (
                <li key={c.id} data-row tabIndex={-1}><a data-primary href={`/su-co/${encodeURIComponent(c.id)}`}>{inert(c.title)}</a>
                  <p class="muted">{c.agency_name}, {c.current_step ? `đang ở: ${c.current_step}` : 'chờ đóng hồ sơ'}{c.clocks?.some((k) => k.overdue) && <b class="late"> quá hạn</b>}</p></li>
              ))}</ul>
              <More shown={d.incidents.items.length} total={d.incidents.total} href="/su-co" />
              <p class="muted">Trong tháng: mở {d.incidents.opened_this_month}, đóng {d.incidents.closed_this_month}.</p>
            </section>
            <section class="panel" aria-labelledby="papers"><h2 id="papers">{d.papers.total === 0 ? 'Không có việc chờ ý kiến' : `${d.papers.total} việc chờ ý kiến, chữ ký`}</h2>
              <ul class="list">{d.papers.items.map((r) => (
                <li key={`${r.kind}/${r.id}`} data-row tabIndex={-1} data-testid="paper-row"><a data-primary href={`/so-dang-ky/${r.kind}/${encodeURIComponent(r.id)}`}>{inert(r.title)}</a>
                  <p class="muted">{r.kind_title}, {r.agency_name}, từ <When at={r.since} ago />: {r.moves.join(' / ')}</p></li>
              ))}</ul>
              <More shown={d.papers.items.length} total={d.papers.total} href="/so-dang-ky" />
            </section>
            <section class="panel" aria-labelledby="month"><h2 id="month">Tháng này: {d.month.more && 'ít nhất '}{d.month.better} kết luận tốt lên, {d.month.worse} xấu đi</h2>
              <ul class="list">{d.month.items.map((m, i) => (
                <li key={`${m.at}${i}`}><Icon name={m.better ? 'done' : 'late'} size={14} /> {m.title}
                  <p class="muted">{inert(m.subject)}: {statusWords[m.from].toLowerCase()} → {statusWords[m.to].toLowerCase()}, {dateText(m.at)}</p></li>
              ))}</ul>
            </section>
            <p class="muted small foot">Số liệu lúc <When at={d.generated_at} seconds />, theo {d.pack}. Tỷ lệ tính trên những gì phải làm; chưa rõ không tính là đạt.</p>
          </div>
        )}
      </Shown>
    </>
  );
}
