// SPDX-License-Identifier: Apache-2.0
// One list of indicators: whose things are on it, what the stored journal shows, and the decision.
import { useEffect, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import type { IndicatorList } from '../api/types';
import { numberText } from '../text/format';
import { dayText } from '../text/periods';
import { indicatorWords, tlpWords } from '../text/words';
import { tell } from '../ui/announce';
import { inert } from '../ui/inert';
import { useLoad, type Loaded } from '../ui/load';
import { Button, Drawer, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { countsText, ListState } from './indicators';
import '../styles/alerts.css';

const kAskAgainMs = 1000;

function Hunt({ list }: { list: IndicatorList }) {
  const hunt = list.hunt!;
  return (
    <>
      <p data-testid="hunt-verdict"><b>{hunt.matches === 0 ? 'Không sự kiện nào có dấu hiệu trong bộ này.' : `${numberText(hunt.matches)} sự kiện có dấu hiệu trong bộ này.`}</b></p>
      {hunt.events > 0 && <p class="muted">Đã xem {numberText(hunt.events)} sự kiện nhận từ <When at={hunt.from} /> đến <When at={hunt.to} />.</p>}
      {hunt.agencies.length > 0 && (
        <table class="figures" data-testid="hunt-agencies">
          <thead><tr><th>Đơn vị</th><th class="right">Sự kiện</th></tr></thead>
          <tbody>{hunt.agencies.map((a) => <tr key={a.agency_id}><th scope="row">{inert(a.name || 'chưa thuộc đơn vị nào')}</th><td class="right num">{numberText(a.matches)}</td></tr>)}</tbody>
        </table>
      )}
      {hunt.refs.length > 0 && <><h3>Sự kiện mới nhất</h3>
        <p class="refs">{hunt.refs.map((ref) => <a key={ref} class="mono" href={`/nhat-ky?event=${encodeURIComponent(ref)}`}>{ref}</a>)}</p></>}
    </>
  );
}

function Owners({ owners }: { owners: NonNullable<IndicatorList['owners']> }) {
  if (owners.length === 0) return <p class="muted">Không địa chỉ hay tên miền nào trong các sổ của tỉnh nằm trong bộ này.</p>;
  const agencies = [...new Set(owners.map((o) => o.agency_id).filter(Boolean))];
  return (
    <>
      <table class="cards" data-testid="owners-table">
        <thead><tr><th>Đơn vị</th><th>Trong sổ của tỉnh</th><th>Trong bộ dấu hiệu</th></tr></thead>
        <tbody>{owners.map((o, i) => (
          <tr key={i} data-row tabIndex={-1}><td data-label="Đơn vị">{inert(o.agency_name || 'Toàn tỉnh')}</td>
            <td data-label="Trong sổ" class="mono">{o.kind === 'agency' ? inert(o.value) : <a data-primary href={`/so-dang-ky/${o.kind}/${encodeURIComponent(o.id)}`}>{inert(o.value)}</a>}</td>
            <td data-label="Dấu hiệu" class="mono">{inert(o.indicator)}</td></tr>))}</tbody>
      </table>
      {agencies.length > 0 && <p class="row-actions"><a class="button" data-testid="warn-owners" href={`/thong-bao-nguy-co?gui-den=${encodeURIComponent(agencies.join(','))}`}>Gửi thông báo cho {numberText(agencies.length)} đơn vị này</a></p>}
    </>
  );
}

function Decide({ list, loaded }: { list: IndicatorList; loaded: Loaded<IndicatorList> }) {
  const [busy, setBusy] = useState(false);
  const [days, setDays] = useState(30);
  const running = list.running && list.running.failed === '';
  const act = async (work: () => Promise<IndicatorList>, said: string): Promise<void> => {
    setBusy(true);
    try {
      loaded.set(await work());
      tell(said);
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    } finally {
      setBusy(false);
    }
  };
  const path = { id: list.id };
  if (list.state === 'ended') return <p>Kết thúc <When at={list.changed_at} />. {list.end_reason ? inert(list.end_reason) : 'Đã hết ngày có hiệu lực.'}</p>;
  return (
    <>
      {list.state === 'draft' && (
        <>
          <p class="row-actions"><Button kind="main" icon="check" disabled={busy || !!running || !list.hunt} data-testid="indicators-enforce"
            onClick={() => void act(() => post('/indicator-lists/{id}/enforce', { path }), 'Từ nay gặp dấu hiệu trong bộ này sẽ có cảnh báo.')}>Cảnh báo từ nay</Button></p>
          {!list.hunt && <p class="muted">Cần tìm xong trong nhật ký trước.</p>}
        </>
      )}
      <p class="row-actions">
        <label>Tìm trong nhật ký
          <select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>{[7, 30, 90, 365].map((n) => <option key={n} value={n}>{n} ngày qua</option>)}</select></label>
        <Button disabled={busy || !!running} data-testid="indicators-hunt" onClick={() => void act(() => post('/indicator-lists/{id}/hunt', { path, body: { days } }), 'Đang tìm.')}>Tìm</Button>
      </p>
      <form class="form" onSubmit={(e) => {
        e.preventDefault();
        const reason = String(new FormData(e.currentTarget).get('reason')).trim();
        void act(() => post('/indicator-lists/{id}/end', { path, body: { reason } }), 'Bộ dấu hiệu đã kết thúc.');
      }}>
        <label>{list.state === 'draft' ? 'Lý do bỏ bản nháp' : 'Lý do kết thúc sớm'}<textarea name="reason" rows={2} required maxLength={2000} data-testid="indicators-end-reason" /></label>
        <Button type="submit" disabled={busy} data-testid="indicators-end">{list.state === 'draft' ? 'Bỏ bản nháp' : 'Kết thúc bộ dấu hiệu'}</Button>
      </form>
    </>
  );
}

export default function IndicatorListPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/indicator-lists/{id}', { path: { id }, signal: abort }), [id]);
  const running = loaded.data?.running && loaded.data.running.failed === '';
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setTimeout(loaded.reload, kAskAgainMs);
    return () => window.clearTimeout(timer);
  }, [loaded.data]);
  const known = loaded.data;
  const [asked, setAsked] = useState<{ value: string; out: boolean } | null>(null);
  const leaveOut = async (event: Event): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason')).trim();
    try {
      loaded.set(await post('/indicator-lists/{id}/values', { path: { id }, body: { ...asked!, reason } }));
      tell(asked!.out ? 'Dấu hiệu này không còn cảnh báo.' : 'Dấu hiệu này cảnh báo lại.');
      setAsked(null);
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    }
  };
  return (
    <>
      <p class="crumb"><a href="/dau-hieu">Bộ dấu hiệu</a></p>
      <PageHead title={known ? inert(known.title) : 'Bộ dấu hiệu'} sub={known && <span data-testid="indicators-state" data-state={known.state}><ListState list={known} /></span>} />
      <Shown of={loaded} rows={8}>
        {(list) => {
          const total = Object.values(list.counts).reduce((sum, n) => sum + n, 0) - list.left_out.length;
          return (
            <div class="split">
              <div>
                <section class="panel" aria-labelledby="hunt" aria-busy={!!running}>
                  <h2 id="hunt">Trong nhật ký đã lưu</h2>
                  {running && <p role="status">Đang tìm… <progress max={1} value={list.running!.share} aria-label="Đang tìm" /></p>}
                  {list.running && list.running.failed !== '' && <p class="form-problem" role="alert">Chưa tìm xong. Hãy bấm Tìm lại.<br /><span class="mono">{inert(list.running.failed)}</span></p>}
                  {list.hunt && !running && <Hunt list={list} />}
                </section>
                <section class="panel" aria-labelledby="owners">
                  <h2 id="owners">Của chính tỉnh ta</h2>
                  <Owners owners={list.owners ?? []} />
                </section>
                <section class="panel" aria-labelledby="values">
                  <h2 id="values">Dấu hiệu trong bộ</h2>
                  <p>{countsText(list.counts)}{list.repeated > 0 && `; ${numberText(list.repeated)} dòng lặp lại`}.</p>
                  <table class="figures"><thead><tr><th>Loại</th><th>Dấu hiệu</th><th>Ghi chú</th></tr></thead>
                    <tbody>{(list.values ?? []).map((v) => (
                      <tr key={v.value}><td class="nowrap">{indicatorWords[v.type]}</td><td class="mono">{inert(v.value)}</td><td>{inert(v.note)}
                        {list.state !== 'ended' && <> <Button onClick={() => setAsked({ value: v.value, out: true })} aria-label={`Bỏ ra ${v.value}`} data-testid="leave-out">Bỏ ra</Button></>}</td></tr>))}</tbody></table>
                  {list.left_out.length > 0 && (
                    <>
                      <h3>Đã bỏ ra, không cảnh báo</h3>
                      <ul class="list" data-testid="left-out">{list.left_out.map((v) => (
                        <li key={v.value}><span class="mono">{inert(v.value)}</span>: {inert(v.reason)} <span class="muted">({inert(v.by)}, <When at={v.at} />)</span>
                          {list.state !== 'ended' && <> <Button onClick={() => setAsked({ value: v.value, out: false })} data-testid="take-back">Lấy lại</Button></>}</li>))}</ul>
                    </>
                  )}
                  {total > (list.values?.length ?? 0) && <p class="muted">Chỉ hiện {numberText(list.values?.length ?? 0)} dấu hiệu đầu.</p>}
                  {list.refused_count > 0 && (
                    <details data-testid="refused"><summary>{numberText(list.refused_count)} dòng không dùng được</summary>
                      <table class="figures"><thead><tr><th>Vị trí</th><th>Giá trị</th><th>Lý do</th></tr></thead>
                        <tbody>{list.refused.map((r, i) => <tr key={i}><td>{list.format === 'stix' ? inert(r.place) : `${list.format === 'misp' ? 'thuộc tính' : 'dòng'} ${r.place}`}</td><td class="mono">{inert(r.value)}</td><td>{inert(r.reason.vi)}</td></tr>)}</tbody></table></details>
                  )}
                </section>
              </div>
              <aside>
                <section class="panel" aria-labelledby="about">
                  <h2 id="about">Nguồn gốc</h2>
                  <dl class="pairs">
                    <div><dt>Nơi cung cấp</dt><dd>{inert(list.source)}</dd></div>
                    <div><dt>Được chia sẻ đến đâu</dt><dd>{list.tlp}: {tlpWords[list.tlp]}</dd></div>
                    <div><dt>Lý do</dt><dd class="pre">{inert(list.reason)}</dd></div>
                    <div><dt>Đến hết ngày</dt><dd class="num">{dayText(list.until)}</dd></div>
                    <div><dt>Người chịu trách nhiệm</dt><dd>{inert(list.owner_name)}</dd></div>
                  </dl>
                </section>
                <section class="panel" aria-labelledby="decide">
                  <h2 id="decide">Quyết định</h2>
                  <Decide key={list.state} list={list} loaded={loaded} />
                </section>
              </aside>
            </div>
          );
        }}
      </Shown>
      {asked && (
        <Drawer title={asked.out ? 'Bỏ một dấu hiệu ra' : 'Lấy lại dấu hiệu'} onClose={() => setAsked(null)} testid="leave-out-drawer">
          <form class="form" onSubmit={(e) => void leaveOut(e)}>
            <p class="mono">{inert(asked.value)}</p>
            <label>Lý do<span class="hint">{asked.out ? 'Ví dụ: là địa chỉ của chính tỉnh, báo nhầm nhiều lần' : 'Ví dụ: đã xác minh đúng là nguy hại'}</span><textarea name="reason" rows={3} required maxLength={2000} data-testid="leave-out-reason" /></label>
            <Button kind="main" type="submit" data-testid="leave-out-send">{asked.out ? 'Bỏ ra' : 'Lấy lại'}</Button>
          </form>
        </Drawer>
      )}
    </>
  );
}
