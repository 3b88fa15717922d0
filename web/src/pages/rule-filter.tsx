// SPDX-License-Identifier: Apache-2.0
// One filter of false alarms: what it lets pass, what it would have done on the stored journal, and the decision.
import { useEffect, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import type { RuleFilter, RuleReplay } from '../api/types';
import { numberText, upperFirst } from '../text/format';
import { dayText } from '../text/periods';
import { tell } from '../ui/announce';
import { fieldWord } from '../ui/entity';
import { inert } from '../ui/inert';
import { useLoad, type Loaded } from '../ui/load';
import { Button, CopyButton, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { StateMark } from './rule-filters';
import '../styles/alerts.css';

const kAskAgainMs = 1000;

function EventLinks({ refs, none }: { refs: string[]; none: string }) {
  if (refs.length === 0) return <p class="muted">{none}</p>;
  return <p class="refs">{refs.map((ref) => <a key={ref} class="mono" href={`/nhat-ky?event=${encodeURIComponent(ref)}`}>{ref}</a>)}</p>;
}

function Result({ replay }: { replay: RuleReplay }) {
  const gone = replay.without.matches - replay.with.matches;
  const line = (word: string, before: number, after: number) => (
    <tr><th scope="row">{word}</th><td class="right num">{numberText(before)}</td><td class="right num">{numberText(after)}</td></tr>
  );
  return (
    <>
      <p data-testid="replay-verdict"><b>{gone === 0 ? 'Bộ lọc không bớt được lần khớp nào.'
        : `Bớt ${numberText(gone)} trong ${numberText(replay.without.matches)} lần khớp luật.`}</b></p>
      <table class="figures" data-testid="replay-table">
        <thead><tr><th><span class="sr-only">Số liệu</span></th><th class="right">Chưa lọc</th><th class="right">Có lọc</th></tr></thead>
        <tbody>
          {line('Lần khớp luật', replay.without.matches, replay.with.matches)}
          {replay.without.correlations > 0 && line('Cảnh báo ghép từ nhiều sự kiện', replay.without.correlations, replay.with.correlations)}
        </tbody>
      </table>
      <p class="muted">{replay.events > 0 && <>Đã xem {numberText(replay.events)} sự kiện nhận từ <When at={replay.from} /> đến <When at={replay.to} />. </>}Chạy thử lúc <When at={replay.at} />.</p>
      <h3>Sẽ không cảnh báo nữa</h3>
      <EventLinks refs={replay.silenced} none="Không có sự kiện nào." />
      <h3>Vẫn cảnh báo</h3>
      <EventLinks refs={replay.kept} none="Không còn sự kiện nào khớp luật này: hãy chắc rằng bộ lọc không quá rộng." />
    </>
  );
}

function Decide({ f, loaded }: { f: RuleFilter; loaded: Loaded<RuleFilter> }) {
  const [busy, setBusy] = useState(false);
  const [days, setDays] = useState(30);
  const running = f.running && f.running.failed === '';
  const act = async (work: () => Promise<RuleFilter>, said: string): Promise<void> => {
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
  const path = { id: f.id };
  return (
    <section class="panel" aria-labelledby="decide">
      <h2 id="decide">Quyết định</h2>
      {f.state === 'draft' && (
        <>
          <p class="row-actions">
            <Button kind="main" icon="check" disabled={busy || !!running || !f.replay} data-testid="filter-enforce"
                    onClick={() => void act(() => post('/rule-filters/{id}/enforce', { path }), 'Bộ lọc đã có hiệu lực.')}>Cho có hiệu lực</Button>
          </p>
          {!f.replay && <p class="muted">Cần chạy thử xong trước.</p>}
        </>
      )}
      {f.state !== 'ended' && (
        <>
          <p class="row-actions">
            <label>Chạy thử trên nhật ký
              <select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))} data-testid="replay-days">
                {[7, 30, 90, 365].map((n) => <option key={n} value={n}>{n} ngày qua</option>)}
              </select></label>
            <Button disabled={busy || !!running} data-testid="filter-replay"
                    onClick={() => void act(() => post('/rule-filters/{id}/replay', { path, body: { days } }), 'Đang chạy thử.')}>Chạy thử</Button>
          </p>
          <form class="form" onSubmit={(e) => {
            e.preventDefault();
            const reason = String(new FormData(e.currentTarget).get('reason')).trim();
            void act(() => post('/rule-filters/{id}/end', { path, body: { reason } }), f.state === 'draft' ? 'Đã bỏ bản nháp.' : 'Bộ lọc đã kết thúc; luật cảnh báo như cũ.');
          }}>
            <label>{f.state === 'draft' ? 'Lý do bỏ bản nháp' : 'Lý do kết thúc sớm'}
              <textarea name="reason" rows={2} required maxLength={2000} data-testid="filter-end-reason" /></label>
            <Button type="submit" disabled={busy} data-testid="filter-end">{f.state === 'draft' ? 'Bỏ bản nháp' : 'Kết thúc bộ lọc'}</Button>
          </form>
        </>
      )}
      {f.state === 'ended' && <p>Kết thúc <When at={f.changed_at} />. {f.end_reason ? inert(f.end_reason) : 'Đã hết ngày có hiệu lực.'}</p>}
    </section>
  );
}

export default function RuleFilterPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/rule-filters/{id}', { path: { id }, signal: abort }), [id]);
  const running = loaded.data?.running && loaded.data.running.failed === '';
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setTimeout(loaded.reload, kAskAgainMs);
    return () => window.clearTimeout(timer);
  }, [loaded.data]);
  const filter = loaded.data;
  return (
    <>
      <p class="crumb"><a href="/bo-loc-bao-nham">Bộ lọc báo nhầm</a></p>
      <PageHead title={filter ? inert(filter.title) : 'Bộ lọc báo nhầm'} sub={filter && <span data-testid="filter-state" data-state={filter.state}><StateMark f={filter} /></span>} />
      <Shown of={loaded} rows={8}>
        {(f) => (
          <div class="split">
            <div>
              <section class="panel" aria-labelledby="what">
                <h2 id="what">Không cảnh báo khi</h2>
                <dl class="pairs">
                  {f.conditions.map((c) => <div key={c.field}><dt>{inert(upperFirst(fieldWord(c.field)))}</dt><dd class="mono">{c.values.map((v) => inert(v)).join(' hoặc ')}</dd></div>)}
                  <div><dt>Áp dụng cho</dt><dd>{f.agency_name || 'Mọi đơn vị trong tỉnh'}</dd></div>
                  <div><dt>Lý do</dt><dd class="pre">{inert(f.reason)}</dd></div>
                  <div><dt>Đến hết ngày</dt><dd class="num">{dayText(f.until)}</dd></div>
                  <div><dt>Người chịu trách nhiệm</dt><dd>{inert(f.owner_name)}</dd></div>
                  {f.alert_id && <div><dt>Từ cảnh báo</dt><dd><a href={`/canh-bao/${encodeURIComponent(f.alert_id)}`}>xem cảnh báo</a></dd></div>}
                </dl>
                {f.problem && <p class="form-problem" role="alert">Bộ lọc này không làm thay đổi gì nữa, thường vì luật đã đổi hoặc không còn. Hãy kết thúc nó.<br /><span class="mono">{inert(f.problem)}</span></p>}
              </section>
              <section class="panel" aria-labelledby="replay" aria-busy={!!running}>
                <h2 id="replay">Kết quả chạy thử</h2>
                {running && <p role="status">Đang chạy thử trên nhật ký… <progress max={1} value={f.running!.share} aria-label="Đang chạy thử" data-testid="replay-progress" /></p>}
                {f.running && f.running.failed !== '' && <p class="form-problem" role="alert">Chạy thử không xong. Hãy thử lại.<br /><span class="mono">{inert(f.running.failed)}</span></p>}
                {f.replay && !running && <Result replay={f.replay} />}
                {!f.replay && !f.running && <p class="muted">Chưa chạy thử.</p>}
              </section>
            </div>
            <aside>
              <Decide key={f.state} f={f} loaded={loaded} />
              <section class="panel" aria-labelledby="sigma">
                <h2 id="sigma">Nguyên văn bộ lọc</h2>
                <p class="muted">Viết theo dạng chung của luật phát hiện nên phần mềm khác cũng đọc được.</p>
                <details><summary>Xem nguyên văn</summary><pre>{inert(f.sigma)}</pre></details>
                <p class="row-actions"><CopyButton text={f.sigma} label="Sao chép" /></p>
              </section>
            </aside>
          </div>
        )}
      </Shown>
    </>
  );
}
