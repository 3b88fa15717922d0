// SPDX-License-Identifier: Apache-2.0
// Cơ quan: who answers for it, where it stands, and the quarter that its head signs.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import { navigate } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { AgencyPage as Data, RegisterRecord } from '../api/types';
import { compareNames, numberText } from '../text/format';
import { dayText, periodText, quarterOf } from '../text/periods';
import { useAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { FigureTable } from '../ui/figures';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { RollUp } from '../ui/status';

const kOfficerRoles: Record<string, string> = {
  it_officer: 'phụ trách CNTT', security_officer: 'chuyên trách an toàn thông tin', focal_point: 'đầu mối phối hợp',
  secret_keeper: 'quản lý máy soạn tài liệu mật', server_keeper: 'quản lý phòng máy chủ',
};

function text(record: RegisterRecord, name: string): string {
  const value = record.doc[name];
  return typeof value === 'string' ? value : '';
}

function Person({ record, what }: { record: RegisterRecord; what: string }) {
  const reach = [text(record, 'phone'), text(record, 'email'), text(record, 'out_of_hours_phone') && `ngoài giờ ${text(record, 'out_of_hours_phone')}`].filter(Boolean).join(', ');
  return (
    <li data-row tabIndex={-1}>
      <a data-primary href={`/so-dang-ky/${record.kind}/${encodeURIComponent(record.id)}`}>{inert(text(record, 'full_name'))}</a>
      <p class="muted">{inert(what)}{text(record, 'deputy') && `, người thay: ${inert(text(record, 'deputy'))}`}</p>
      {reach && <p class="muted num">{inert(reach)}</p>}
    </li>
  );
}

function People({ agency }: { agency: string }) {
  const loaded = useLoad(async (abort) => {
    const ask = (kind: string) => get('/registers/{kind}', { signal: abort, path: { kind }, query: { agency, state: 'active', limit: 20 } }).then(({ items }) => items);
    const [heads, officers] = await Promise.all([ask('head'), ask('officer')]);
    return { heads, officers };
  }, [agency]);
  useChange(changes.record.value, loaded.reload, 4000);
  return (
    <section class="panel" aria-labelledby="people"><h2 id="people">Người chịu trách nhiệm</h2>
      <Shown of={loaded} rows={2}>
        {({ heads, officers }) => (
          <>
            {heads.length + officers.length === 0 && <p class="muted">Chưa khai báo người đứng đầu và cán bộ phụ trách.</p>}
            <ul class="list">
              {heads.map((r) => <Person key={r.id} record={r} what={text(r, 'position') || 'Người đứng đầu'} />)}
              {officers.map((r) => <Person key={r.id} record={r} what={((r.doc.roles as string[] | undefined) ?? []).map((x) => kOfficerRoles[x] ?? '').filter(Boolean).join(', ')} />)}
            </ul>
            {may('create:record') && <p class="row-actions">
              {heads.length === 0 && <a class="button" href="/so-dang-ky/head?new=1">Thêm người đứng đầu</a>}
              <a class="button" href="/so-dang-ky/officer?new=1">Thêm cán bộ phụ trách</a></p>}
          </>
        )}
      </Shown>
    </section>
  );
}

function SignOffs({ agency, isOwn }: { agency: string; isOwn: boolean }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const loaded = useLoad((abort) => get('/registers/{kind}', { signal: abort, path: { kind: 'quarterly_sign_off' }, query: { agency, limit: 8 } }), [agency]);
  useChange(changes.record.value, loaded.reload, 4000);
  const today = new Date(Date.now() + 7 * 3600_000).toISOString().slice(0, 10);
  const quarter = quarterOf(today);
  const prepare = async (): Promise<void> => {
    setBusy(true);
    try {
      const made = await post('/registers/{kind}', { path: { kind: 'quarterly_sign_off' }, body: { agency_id: agency, doc: { period: quarter, prepared_on: today } } });
      tell('Đã lập bản xác nhận quý với số liệu hiện tại.');
      navigate(`/so-dang-ky/quarterly_sign_off/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
    setBusy(false);
  };
  return (
    <section class="panel" aria-labelledby="sign-offs"><h2 id="sign-offs">Xác nhận hằng quý của thủ trưởng</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <Shown of={loaded} rows={2}>
        {({ items }) => (
          <>
            {items.length === 0 && <p class="muted">Chưa có quý nào được lập. Cán bộ phụ trách lập bản xác nhận với số liệu lúc đó; thủ trưởng xem và ký.</p>}
            <ul class="list" data-testid="sign-offs">{items.map((r) => (
              <li key={r.id} data-row tabIndex={-1}>
                <a data-primary href={`/so-dang-ky/quarterly_sign_off/${encodeURIComponent(r.id)}`}>{periodText(text(r, 'period')) || text(r, 'period')}</a>
                <p class="muted">{r.state === 'signed' ? <><Icon name="done" size={16} /> Đã ký ngày {dayText(text(r, 'signed_on'))}, {inert(text(r, 'signer'))}</>
                  : <>Lập ngày {dayText(text(r, 'prepared_on'))}, chờ thủ trưởng ký</>}</p>
              </li>))}</ul>
            {isOwn && may('create:record') && !items.some((r) => r.doc.period === quarter) && (
              <p class="row-actions"><Button kind="main" icon="pen" disabled={busy} onClick={() => void prepare()} data-testid="prepare-sign-off">Lập bản xác nhận {periodText(quarter)}</Button></p>)}
          </>
        )}
      </Shown>
    </section>
  );
}

function ownSystems(own: boolean | null): string {
  return own === null ? '' : own ? 'có hệ thống thông tin riêng' : 'dùng hệ thống kết nối';
}

function One({ id }: { id: string }) {
  const loaded = useLoad((abort) => get('/agencies/{id}/page', { signal: abort, path: { id } }), [id]);
  useChange(changes.obligation.value + changes.device.value + changes.incident.value, loaded.reload, 5000);
  const isOwn = session.value!.user.agency_ids.includes(id);
  const at = encodeURIComponent(id);
  return (
    <Shown of={loaded} rows={8}>
      {(a: Data) => (
        <>
          {may('create:agency') && <p class="crumb"><a href="/co-quan">Cơ quan</a></p>}
          <PageHead title={a.name} sub={[a.short_name, a.contact, ownSystems(a.has_own_systems)].filter(Boolean).map(inert).join(', ')}>
            <Button icon="print" onClick={() => window.print()}>In</Button>
          </PageHead>
          <div class="split">
            <div>
              <section class="panel" aria-labelledby="now"><h2 id="now">Tình hình lúc <When at={a.taken_at} /></h2>
                <p><RollUp counts={a.obligations} /></p>
                <FigureTable figures={a} link={(s) => `/nghia-vu?agency=${at}&status=${s}`} />
                <p class="row-actions"><a class="button" href={`/nghia-vu?agency=${at}`}>Nghĩa vụ</a>
                  {may('read:device') && <a class="button" href={`/thiet-bi?agency=${at}`}>Thiết bị</a>}
                  {may('read:incident') && <a class="button" href={`/su-co?agency=${at}`}>Sự cố</a>}</p>
              </section>
              {a.late.length > 0 && (
                <section class="panel" aria-labelledby="late"><h2 id="late">Quá hạn, vi phạm: {numberText(a.late.length)}</h2>
                  <ul class="list">{a.late.map((line, i) => <li key={i}>{inert(line)}</li>)}</ul>
                </section>
              )}
            </div>
            <aside>
              {may('read:record') && <People agency={id} />}
              {may('read:record') && <SignOffs agency={id} isOwn={isOwn} />}
            </aside>
          </div>
        </>
      )}
    </Shown>
  );
}

function List() {
  const loaded = useLoad((abort) => get('/agencies', { signal: abort }), []);
  return (
    <>
      <PageHead title="Cơ quan" sub={loaded.data && `${numberText(loaded.data.items.length)} cơ quan, đơn vị`} />
      <Shown of={loaded} rows={8}>
        {({ items }) => items.length === 0 ? <Blank icon="agency" title="Chưa có cơ quan nào" /> : (
          <table class="cards"><thead><tr><th>Cơ quan</th><th>Liên hệ</th><th class="right">Máy</th></tr></thead>
            <tbody>{[...items].sort((a, b) => compareNames(a.name, b.name)).map((a) => (
              <tr key={a.id} data-row tabIndex={-1} data-testid="agency-line">
                <td class="grow" data-label="Cơ quan"><a data-primary href={`/co-quan/${encodeURIComponent(a.id)}`}>{a.name}</a></td>
                <td data-label="Liên hệ">{inert(a.contact ?? '')}</td><td class="right num" data-label="Máy">{numberText(a.devices ?? 0)}</td>
              </tr>))}</tbody></table>
        )}
      </Shown>
    </>
  );
}

export default function AgencyPage({ id }: PageProps) {
  const list = useAgencies();
  const own = session.value!.user.agency_ids;
  if (id) return <One id={id} />;
  // Who belongs to one agency means that one.
  if (own.length === 1 && list.length < 2) return <One id={own[0]!} />;
  return <List />;
}
