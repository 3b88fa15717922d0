// SPDX-License-Identifier: Apache-2.0
// One machine: is it heard, what does it say about itself, which obligations rest on it.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { Coverage, Fact, Obligation } from '../api/types';
import { fieldWord, sentence, valueWord } from '../text/facts';
import { bytesText, numberText } from '../text/format';
import { factWords, roleWords, sourceWord, statusOrder } from '../text/words';
import { tell } from '../ui/announce';
import { useClauses } from '../ui/clauses';
import { DeviceState } from '../ui/device-state';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { RollUp, StatusMark } from '../ui/status';
import { DeviceOrders } from './device-orders';
import { Why, type Question } from '../ui/why-drawer';

function valueText(value: unknown): string {
  return inert(valueWord(value));
}

const kShownRows = 20;

function FactTable({ fact }: { fact: Fact }) {
  const stale = Date.parse(fact.valid_until) < Date.now();
  const columns = [...new Set(fact.rows.flatMap((row) => Object.keys(row)))];
  const unreadable = Object.entries(fact.unreadable ?? {});
  return (
    <details class="fact" open={fact.rows.length === 1} data-testid="fact" data-kind={fact.kind}>
      <summary><b>{factWords[fact.kind] ?? fact.kind}</b> <span class="muted">{fact.rows.length !== 1 && `${fact.rows.length} mục, `}đo lúc <When at={fact.collected_at} />{stale && ', đã cũ'}</span></summary>
      {!fact.complete && <p class="note-line">Danh sách có thể thiếu: {inert(fact.incomplete_reason ?? 'không rõ lý do')}</p>}
      {unreadable.map(([field, reason]) => <p class="note-line" key={field}>Không đọc được: {fieldWord(fact.kind, field).toLowerCase()} ({inert(reason)})</p>)}
      {fact.rows.length === 1 ? (
        <dl class="pairs">{columns.filter((c) => valueText(fact.rows[0]![c]) !== '').map((c) => <div key={c}><dt>{fieldWord(fact.kind, c)}</dt><dd>{valueText(fact.rows[0]![c])}</dd></div>)}</dl>
      ) : fact.rows.length > 1 && (
        <div class="scroll-x"><table><thead><tr>{columns.map((c) => <th key={c}>{fieldWord(fact.kind, c)}</th>)}</tr></thead>
          <tbody>{fact.rows.slice(0, kShownRows).map((row, i) => <tr key={i}>{columns.map((c) => <td key={c}>{valueText(row[c])}</td>)}</tr>)}</tbody></table>
          {fact.rows.length > kShownRows && <p class="muted">và {fact.rows.length - kShownRows} mục nữa.</p>}</div>
      )}
    </details>
  );
}

/** What the machine sends, and what the rules meant for it still miss. */
function Sources({ of }: { of: Coverage }) {
  const logs = of.log_sources.filter((s) => !s.logsource.startsWith('phendau')); // facts are on the page anyway
  const missing = of.blind.reduce((sum, b) => sum + b.rules, 0);
  return (
    <section class="panel" aria-labelledby="device-sources" data-testid="device-sources">
      <h2 id="device-sources">Nhật ký máy gửi</h2>
      {logs.length === 0 ? <p class="muted">Chưa nhận được nhật ký nào.</p> : (
        <dl class="pairs">{logs.map((s) => <div key={s.logsource}><dt title={s.logsource} data-raw>{inert(sourceWord(s.logsource))}</dt><dd><When at={s.last_event_at} /></dd></div>)}</dl>
      )}
      {missing === 0 ? of.rules > 0 && <p class="muted">Đủ nguồn cho {numberText(of.rules)} luật phát hiện dành cho máy này.</p> : (
        <>
          <p class="note-line">{numberText(missing)} trong {numberText(of.rules)} luật phát hiện dành cho máy này không có gì để xét, vì máy chưa gửi:</p>
          <ul class="plain">{of.blind.map((b) => <li key={b.logsource} title={b.logsource}><span data-raw>{sourceWord(b.logsource)}</span> <span class="muted">({numberText(b.rules)} luật)</span></li>)}</ul>
        </>
      )}
    </section>
  );
}

function Revoke({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await post('/devices/{id}/revoke', { path: { id }, body: { reason: String(new FormData(event.currentTarget as HTMLFormElement).get('reason')) } });
      tell('Đã thu hồi chứng thư của máy.');
      onDone();
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Thu hồi máy" onClose={onClose} testid="revoke-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <p>Máy chủ sẽ từ chối máy này ngay lập tức. Nhật ký và dữ kiện đã nhận vẫn được giữ. Muốn dùng lại phải thêm máy bằng mã mới.</p>
        <label>Lý do<span class="hint">Ví dụ: máy đã thanh lý theo biên bản số 12</span><textarea name="reason" rows={3} required data-testid="revoke-reason" /></label>
        <Button kind="danger" type="submit" data-testid="revoke-send">Thu hồi máy này</Button>
      </form>
    </Drawer>
  );
}

export default function DevicePage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/devices/{id}', { path: { id }, signal: abort }), [id]);
  const [why, setWhy] = useState<Question | null>(null);
  const [revoking, setRevoking] = useState(false);
  useChange(changes.device.value, loaded.reload, 5000);
  const d = loaded.data;
  const clauses = useClauses(d?.agency_id);
  const ask = (o: Obligation): void => setWhy({ clause: o.clause, title: clauses.get(o.clause)?.title ?? o.subject.name, agency: o.agency_id, agencyName: d?.agency_name, device: id });
  return (
    <>
      <p class="crumb"><a href="/thiet-bi">Thiết bị</a></p>
      <PageHead title={d ? inert(d.name || d.hostname) : 'Thiết bị'} sub={d && <><DeviceState device={d} /> {d.agency_name}, {valueText(d.os)}</>}>
        {d && may('read:event') && <a class="button" href={`/nhat-ky?q=${encodeURIComponent(`host:"${d.hostname}"`)}`}>Nhật ký của máy</a>}
        {d && d.status !== 'revoked' && may('update:device') && <Button kind="danger" icon="lock" onClick={() => setRevoking(true)} data-testid="revoke">Thu hồi</Button>}
      </PageHead>
      <Shown of={loaded} rows={8}>
        {(m) => (
          <div class="split">
            <div>
              <DeviceOrders device={m} onChanged={loaded.reload} />
              <section class="panel" aria-labelledby="device-duties">
                <h2 id="device-duties">Nghĩa vụ trên máy này <RollUp counts={m.obligations} /></h2>
                {m.obligation_items.length === 0 ? <Blank title="Chưa có kết luận nào"><p>Kết luận có sau khi máy gửi dữ kiện đầu tiên.</p></Blank> : (
                  <ul class="duty-list">{[...m.obligation_items].sort((a, b) => statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status)).map((o) => (
                    <li key={`${o.clause}${o.part}${o.period}`} data-row tabIndex={-1}>
                      <button type="button" data-primary class={`cell s-${o.status}`} onClick={() => ask(o)} aria-haspopup="dialog" data-testid="device-obligation" data-clause={o.clause}><StatusMark status={o.status} /></button>
                      <span>{clauses.has(o.clause) && <span class="duty-clause">{clauses.get(o.clause)!.title} <span class="muted small">{clauses.get(o.clause)!.citation}</span></span>}{inert(sentence(o.reason))}</span>
                    </li>
                  ))}</ul>
                )}
              </section>
              <section class="panel" aria-labelledby="device-facts">
                <h2 id="device-facts">Dữ kiện máy tự đo</h2>
                {m.facts.length === 0 && <p class="muted">Chưa nhận được dữ kiện nào.</p>}
                {m.facts.map((f) => <FactTable key={f.kind} fact={f} />)}
              </section>
            </div>
            <aside>
              <section class="panel" aria-labelledby="device-line">
                <h2 id="device-line">Kết nối</h2>
                <dl class="pairs">
                  <div><dt>Tên trên mạng</dt><dd class="mono">{inert(m.hostname)}</dd></div>
                  <div><dt>Liên lạc cuối</dt><dd><When at={m.last_seen_at} seconds /></dd></div>
                  {m.agent_version && <div><dt>Phiên bản tác tử</dt><dd>{m.agent_version}</dd></div>}
                  {m.spool_bytes !== undefined && <div><dt>Chờ gửi trên máy</dt><dd>{bytesText(m.spool_bytes)}</dd></div>}
                  {m.clock_offset_ms !== undefined && m.clock_offset_ms !== null && <div class={Math.abs(m.clock_offset_ms) > 60_000 ? 'warn' : ''}><dt>Đồng hồ lệch</dt><dd>{numberText(Math.round(m.clock_offset_ms / 1000) || 0)} giây</dd></div>}
                  <div><dt>Chứng thư hết hạn</dt><dd><When at={m.certificate_not_after} /></dd></div>
                  {m.revoked_reason && <div><dt>Lý do thu hồi</dt><dd>{m.revoked_reason}</dd></div>}
                </dl>
                {m.status === 'silent' && <p class="note-line">Máy ngừng liên lạc. Kiểm tra nguồn và mạng của máy, rồi dịch vụ phendau-agent. {roleWords.agency_officer} của {m.agency_name} là người cần báo.</p>}
              </section>
              <Sources of={m.coverage} />
            </aside>
          </div>
        )}
      </Shown>
      {why && <Why question={why} onClose={() => setWhy(null)} />}
      {revoking && <Revoke id={id} onClose={() => setRevoking(false)} onDone={loaded.reload} />}
    </>
  );
}
