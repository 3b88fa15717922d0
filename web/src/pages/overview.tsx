// SPDX-License-Identifier: Apache-2.0
// Toàn cảnh: where are we weak, what is burning, what fell silent.
import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { Overview as Data, StatusCounts } from '../api/types';
import { bigNumberText, bytesText, compareNames, numberText } from '../text/format';
import { fraction, levelOrder, levelWords, statusOrder, statusWords } from '../text/words';
import { Icon } from '../ui/icon';
import { useLoad } from '../ui/load';
import { Button, ClockLine, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { LevelMark, RollUp, StatusMark } from '../ui/status';
import '../styles/overview.css';

function finding(data: Data): string {
  const incidents = data.open_incidents.length;
  const urgent = (data.alerts_by_level['critical'] ?? 0) + (data.alerts_by_level['high'] ?? 0);
  const parts = [];
  if (incidents > 0) parts.push(`${incidents} sự cố đang xử lý`);
  if (urgent > 0) parts.push(`${numberText(urgent)} cảnh báo mức cao trở lên chưa đóng`);
  if (data.silent_sources.length > 0) parts.push(`${data.silent_sources.length} nguồn nhật ký im lặng`);
  return parts.length > 0 ? `${parts.join(', ')}.` : 'Không có sự cố đang mở, không có cảnh báo mức cao, mọi nguồn nhật ký đều đang gửi.';
}

function total(data: Data): StatusCounts {
  const sum: StatusCounts = {};
  for (const agency of data.agencies) {
    for (const [status, n] of Object.entries(agency.obligations)) sum[status] = (sum[status] ?? 0) + n;
  }
  return sum;
}

function Bar({ counts }: { counts: StatusCounts }) {
  const all = statusOrder.slice(0, 7).reduce((n, s) => n + (counts[s] ?? 0), 0);
  if (all === 0) return <span class="muted">chưa có nghĩa vụ nào áp dụng</span>;
  return (
    <span class="bar" aria-hidden="true">
      {statusOrder.slice(0, 7).filter((s) => counts[s]).map((s) => (
        <i key={s} class={`b-${s}`} style={{ flexGrow: counts[s] }} />
      ))}
    </span>
  );
}

function Agencies({ data }: { data: Data }) {
  const rows = [...data.agencies].sort((a, b) => {
    const bad = (x: StatusCounts): number => (x.violated ?? 0) * 1000 + (x.overdue ?? 0) * 100 + (x.unknown ?? 0);
    return bad(b.obligations) - bad(a.obligations) || compareNames(a.name, b.name);
  });
  return (
    <section class="panel wide" aria-labelledby="agencies">
      <h2 id="agencies">Cơ quan, đơn vị</h2>
      {rows.length === 0 ? <Blank title="Chưa có cơ quan nào">{may('create:agency') && <a href="/quan-tri">Thêm cơ quan</a>}</Blank> : (
        <table class="cards">
          <thead><tr><th>Cơ quan</th><th>Kết luận</th><th class="bar-cell"><span class="sr-only">Biểu đồ</span></th>
            <th class="right">Thiết bị</th><th class="right">Cảnh báo mở</th><th class="right">Sự cố mở</th></tr></thead>
          <tbody>
            {rows.map((a) => (
              <tr key={a.id} data-row tabIndex={-1} data-testid="agency-row">
                <th scope="row" data-label="Cơ quan"><a data-primary href={`/nghia-vu?agency=${encodeURIComponent(a.id)}`}>{a.name}</a></th>
                <td data-label="Kết luận"><RollUp counts={a.obligations} /></td>
                <td class="bar-cell"><Bar counts={a.obligations} /></td>
                <td class="right num" data-label="Thiết bị"><a href={`/thiet-bi?agency=${encodeURIComponent(a.id)}`}>{numberText(a.devices)}</a></td>
                <td class="right num" data-label="Cảnh báo mở">
                  {a.open_alerts > 0 ? <a href={`/canh-bao?agency=${encodeURIComponent(a.id)}`}>{numberText(a.open_alerts)}</a> : <span class="muted">0</span>}
                </td>
                <td class="right num" data-label="Sự cố mở">
                  {a.open_incidents > 0 ? <a href={`/su-co?agency=${encodeURIComponent(a.id)}`}>{numberText(a.open_incidents)}</a> : <span class="muted">0</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Alerts({ counts }: { counts: Record<string, number> }) {
  const most = Math.max(1, ...Object.values(counts));
  const all = Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    <section class="panel" aria-labelledby="alerts-open">
      <h2 id="alerts-open">{all === 0 ? 'Không có cảnh báo mở' : `${numberText(all)} cảnh báo chưa đóng`}</h2>
      <ul class="levels">
        {levelOrder.map((level) => (
          <li key={level}>
            <a href={`/canh-bao?level=${level}`} aria-label={`${levelWords[level]}: ${counts[level] ?? 0} cảnh báo`}>
              <LevelMark level={level} />
              <span class="meter" aria-hidden="true"><i style={{ width: `${((counts[level] ?? 0) / most) * 100}%` }} /></span>
              <span class="num">{numberText(counts[level] ?? 0)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Incidents({ data }: { data: Data }) {
  return (
    <section class="panel" aria-labelledby="incidents-open">
      <h2 id="incidents-open">{data.open_incidents.length === 0 ? 'Không có sự cố đang mở' : 'Sự cố đang xử lý'}</h2>
      {data.open_incidents.length === 0 && <p class="muted">Khi có cảnh báo đáng ngờ, mở hồ sơ từ trang cảnh báo.</p>}
      <ul class="list">
        {data.open_incidents.map((c) => (
          <li key={c.id} data-row tabIndex={-1}>
            <a data-primary href={`/su-co/${encodeURIComponent(c.id)}`}>{c.title}</a>
            <p class="muted">{c.agency_name}, {c.current_step ? `đang ở: ${c.current_step}` : 'chờ đóng hồ sơ'}, <span class="num">{c.steps_done}/{c.steps_total}</span> bước</p>
            {c.clocks?.map((clock) => <ClockLine key={clock.label} clock={clock} />)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Silent({ data }: { data: Data }) {
  return (
    <section class="panel" aria-labelledby="silent">
      <h2 id="silent">{data.silent_sources.length === 0 ? 'Mọi nguồn nhật ký đều đang gửi' : `${data.silent_sources.length} nguồn nhật ký im lặng`}</h2>
      {data.silent_sources.length === 0 && <p class="muted">Nguồn nào ngừng gửi sẽ hiện ở đây.</p>}
      <ul class="list">
        {data.silent_sources.map((s) => (
          <li key={s.id}><b>{s.name}</b> <span class="muted">{s.agency_name}</span><p class="muted">sự kiện cuối: <When at={s.last_event_at} ago /></p></li>
        ))}
      </ul>
    </section>
  );
}

function Store({ data }: { data: Data }) {
  const { storage, ingest } = data;
  const near = (storage.used_percent ?? 0) > 0.9 * (storage.quota_percent ?? 80);
  return (
    <section class="panel" aria-labelledby="store">
      <h2 id="store">{ingest.events_last_hour !== undefined ? `${bigNumberText(ingest.events_last_hour)} sự kiện trong giờ qua` : 'Kho nhật ký'}</h2>
      <dl class="pairs">
        {storage.used_percent !== undefined && (
          <div class={near ? 'warn' : ''}><dt>Ổ đĩa đã dùng</dt>
            <dd>{numberText(storage.used_percent)} % <span class="muted">giới hạn {numberText(storage.quota_percent ?? 80)} %{storage.used_bytes !== undefined && `, kho chiếm ${bytesText(storage.used_bytes)}`}</span></dd></div>
        )}
        {storage.journal_rows !== undefined && <div><dt>Sự kiện trong kho</dt><dd>{bigNumberText(storage.journal_rows)}</dd></div>}
        {storage.ledger_changes !== undefined && <div><dt>Thay đổi trong sổ cái</dt><dd>{numberText(storage.ledger_changes)}</dd></div>}
        {ingest.parse_errors !== undefined && <div><dt>Dòng không đọc được</dt><dd>{numberText(ingest.parse_errors)} <span class="muted">giữ nguyên bản gốc</span></dd></div>}
        {ingest.skewed !== undefined && <div><dt>Sự kiện lệch giờ</dt><dd>{numberText(ingest.skewed)} <span class="muted">vẫn được giữ, có đánh dấu</span></dd></div>}
        {(ingest.refused_senders?.count ?? 0) > 0 && <div class="warn"><dt>Máy gửi syslog bị từ chối</dt><dd>{numberText(ingest.refused_senders!.count)} <span class="muted">gần nhất: {ingest.refused_senders!.from}, <When at={ingest.refused_senders!.at} ago />. {ingest.refused_senders!.reason}</span></dd></div>}
        {ingest.udp_kernel_drops !== undefined && <div class={ingest.udp_kernel_drops > 0 ? 'warn' : ''}><dt>Gói UDP bị hệ điều hành bỏ</dt><dd>{numberText(ingest.udp_kernel_drops)}</dd></div>}
        {data.mail?.on && <div class={(data.mail.failed ?? 0) > 0 ? 'warn' : ''}><dt>Thư nhắc việc</dt><dd>{numberText(data.mail.sent ?? 0)} <span class="muted">đã gửi, {numberText(data.mail.waiting ?? 0)} chờ gửi{(data.mail.given_up ?? 0) > 0 && <>, <a href="/thong-bao-da-gui?cach=mail&tt=dead">{numberText(data.mail.given_up!)} không gửi được</a></>}</span></dd></div>}
        <div><dt>Bộ quy định</dt><dd>{data.pack.title} <code title={data.pack.digest}>{data.pack.digest.slice(0, 12)}</code></dd></div>
      </dl>
    </section>
  );
}

export default function Overview() {
  const loaded = useLoad((abort) => get('/overview', { signal: abort }), []);
  const { data, reload } = loaded;
  // Counters refresh in place: no row moves unless its own numbers did.
  useEffect(() => {
    let due = 0;
    let first = true;
    const stop = effect(() => {
      void [changes.alert.value, changes.incident.value, changes.obligation.value, changes.device.value, changes.ingest.value];
      if (first) first = false;
      else if (!due) due = window.setTimeout(() => { due = 0; reload(); }, 4000);
    });
    return () => { stop(); window.clearTimeout(due); };
  }, []);
  return (
    <>
      <PageHead title="Toàn cảnh" sub={data && finding(data)}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
      </PageHead>
      <Shown of={loaded} rows={10}>
        {(o) => {
          const counts = total(o);
          const { good, total: all, unknown } = fraction(counts);
          return (
            <div class="overview">
              <section class="panel wide headline" aria-labelledby="duty">
                <h2 id="duty"><a href="/nghia-vu"><span class="big num">{good}/{all}</span> kết luận đạt{unknown > 0 && `, ${unknown} chưa rõ`}</a></h2>
                <Bar counts={counts} />
                <p class="legend">
                  {statusOrder.filter((s) => counts[s]).map((s) => (
                    <a key={s} href={`/nghia-vu?status=${s}`}><StatusMark status={s} /> <span class="num">{counts[s]}</span></a>
                  ))}
                </p>
                <p class="muted small">Mỗi kết luận là một nội dung của điều khoản ở một cơ quan hoặc một máy. Trang Nghĩa vụ gộp chúng thành ô điều khoản × cơ quan, ô lấy kết luận xấu nhất, nên số ô ít hơn.</p>
                <p class="sr-only">{statusOrder.filter((s) => counts[s]).map((s) => `${statusWords[s]}: ${counts[s]}`).join(', ')}</p>
              </section>
              {may('read:alert') && <Alerts counts={o.alerts_by_level} />}
              <Incidents data={o} />
              <Silent data={o} />
              <Agencies data={o} />
              <Store data={o} />
              <p class="muted foot"><Icon name="clock" size={14} /> Số liệu lúc <When at={o.generated_at} seconds /></p>
            </div>
          );
        }}
      </Shown>
    </>
  );
}
