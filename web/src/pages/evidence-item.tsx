// SPDX-License-Identifier: Apache-2.0
// One item of evidence: what it is, its custody log with the verdict on it, the acts that may follow, who read it.
import { useState } from 'preact/hooks';
import { address, get, post, problemFrom } from '../api/client';
import { navigate } from '../app/router';
import type { PageProps } from '../app/pages';
import { changes } from '../app/stream';
import type { EvidenceActNew, EvidenceDetail } from '../api/types';
import { bytesText, dateText, numberText, parseTime, timeText } from '../text/format';
import { tell } from '../ui/announce';
import { actWords, bodyWords } from '../ui/custody';
import { Holds } from '../ui/holds';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, CopyButton, Drawer, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { EvidenceMark } from './evidence';
import '../styles/evidence.css';

type Act = EvidenceDetail['acts'][number];
const kNeeds: Record<string, string> = { seal_number: 'Số niêm phong', decision_number: 'Số quyết định hủy', minutes_number: 'Số biên bản' };

function Acting({ e, act, onClose, onDone }: { e: EvidenceDetail; act: Act; onClose: () => void; onDone: (e: EvidenceDetail) => void }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const name = act.act;
  const gives = name === 'handed_over' || name === 'copied';
  const opens = e.sealed && (name === 'copied' || name === 'analysed');
  const needsReason = name === 'handed_over' || name === 'destroyed' || opens;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (key: string): string => String(data.get(key) ?? '').trim();
    const body: Record<string, string> = { act: name };
    for (const key of ['to', 'to_body', 'reason', 'person', ...Object.keys(kNeeds)]) if (text(key)) body[key] = text(key);
    if (text('at')) {
      const at = parseTime(text('at'));
      if (!at) return setProblem('Ghi thời điểm theo dạng hh:mm dd/mm/yyyy.');
      body.at = at;
    }
    setBusy(true);
    try {
      const after = await post('/evidence/{id}/acts', { path: { id: e.id }, body: body as unknown as EvidenceActNew });
      tell(`${actWords[name]}: đã ghi vào sổ theo dõi.`);
      onDone(after);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <Drawer title={`${actWords[name]} ${e.number}`} onClose={onClose} testid="act-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(event) => void send(event)}>
        {opens && <p class="note"><Icon name="lock" size={16} /> Chứng cứ đang niêm phong. Việc này mở niêm phong; ghi rõ lý do.</p>}
        {name === 'destroyed' && <p class="note"><Icon name="late" size={16} /> Nội dung lưu trong hệ thống bị xóa hẳn. Sổ theo dõi vẫn còn.</p>}
        {gives && <label>{name === 'copied' ? 'Sao chép cho' : 'Bên nhận'}<input name="to" required={name === 'handed_over'} maxLength={600} data-testid="act-to" /></label>}
        {name === 'handed_over' && <label>Cơ quan nhận có tài khoản <span class="muted">(nếu có)</span><select name="to_body"><option value="">Không</option>{Object.entries(bodyWords).map(([id, word]) => <option key={id} value={id}>{word}</option>)}</select></label>}
        {name === 'returned' && <label>Trả cho<select name="to">{[...e.may_return_to].reverse().map((who) => <option key={who} value={who}>{inert(who)}</option>)}</select></label>}
        {act.needs.filter((n) => kNeeds[n]).map((n) => <label key={n}>{kNeeds[n]}<input name={n} required maxLength={300} data-testid={`act-${n}`} /></label>)}
        {name === 'handed_over' && <label>Số biên bản <span class="muted">(nếu có)</span><input name="minutes_number" maxLength={300} /></label>}
        <label>Lý do{!needsReason && <span class="muted"> (nếu có)</span>}<textarea name="reason" rows={2} required={needsReason} maxLength={4000} data-testid="act-reason" /></label>
        <details><summary>Thêm chi tiết</summary>
          <label>Người làm<span class="hint">Để trống thì là người đang đăng nhập</span><input name="person" maxLength={600} /></label>
          <label>Làm lúc<span class="hint">hh:mm dd/mm/yyyy; để trống thì là bây giờ</span><input name="at" placeholder={timeText(Date.now())} /></label>
        </details>
        <Button kind={name === 'destroyed' ? 'danger' : 'main'} type="submit" disabled={busy} data-testid="act-send">Ghi: {actWords[name]}</Button>
      </form>
    </Drawer>
  );
}

function Custody({ e }: { e: EvidenceDetail }) {
  const { verified: v } = e;
  return (
    <section class="panel" aria-labelledby="custody">
      <h2 id="custody">Sổ theo dõi</h2>
      <p class={`verdict ${v.ok ? 's-met' : 's-violated'}`} data-testid="verdict" data-ok={v.ok}>
        <Icon name={v.ok ? 'done' : 'late'} size={16} />
        <span>{v.ok ? `Nguyên vẹn: ${e.custody_events} lần ghi nối tiếp nhau, mọi chữ ký đúng.` : `KHÔNG nguyên vẹn, sai từ lần ghi ${v.event}: ${v.reason}`}</span>
      </p>
      <ol class="custody" data-testid="custody">{e.events.map((x) => (
        <li key={x.seq} class={!v.ok && v.event !== null && x.seq >= v.event ? 'broken' : ''}>
          <p><b>{actWords[x.action]}</b> <When at={x.at} /> <span class="muted">{inert(x.actor)}</span></p>
          {(x.from || x.to) && <p>{inert(x.from)}{x.from && x.to && <> <Icon name="right" size={16} /> </>}{inert(x.to)}</p>}
          {x.reason && <p class="reason" data-raw>{inert(x.reason)}</p>}
          {x.bag_id && <p class="small">Trong gói có mã <code class="hash">{x.tagmanifest_sha256}</code></p>}
          <details><summary>Mã của lần ghi {x.seq}</summary><dl class="codes"><dt>Mã</dt><dd><code>{x.hash}</code></dd><dt>Mã lần trước</dt><dd><code>{x.prev_hash}</code></dd><dt>Chữ ký</dt><dd><code>{x.signature}</code></dd></dl></details>
        </li>
      ))}</ol>
      <p class="small">Mã cuối, ghi vào biên bản: <code class="hash">{e.custody_head}</code><CopyButton text={e.custody_head} label="Chép mã" /></p>
      <p class="small muted">Khóa công khai của máy chủ: <code class="hash">{v.public_key}</code></p>
    </section>
  );
}

function About({ e }: { e: EvidenceDetail }) {
  const rows: [string, preact.ComponentChildren][] = [
    ['Thu từ', inert(e.source ?? '')], ['Người thu', inert(e.taken_by)], ['Ngày thu', dateText(`${e.taken_on}T00:00:00+07:00`)], ['Cách thu', inert(e.method ?? '')],
    ['Tên tệp', e.original_name && <span data-raw key="n">{inert(e.original_name)}</span>], ['Dung lượng', e.size_bytes ? `${bytesText(e.size_bytes)} (${numberText(e.size_bytes)} byte)` : ''],
    ['Kiểm tra dấu mật', e.outside ? '' : e.inspected ? 'đã đọc nội dung' : 'chỉ dò từng byte'], ['Nơi cất', inert(e.kept_at)], ['Người giữ', inert(e.custodian ?? '')],
    ['Niêm phong', e.sealed ? inert(e.seal_number ?? 'có') : ''], ['Biên bản', inert(e.minutes_number ?? '')],
    ['Đề nghị', e.request_id && <a href={`/so-dang-ky/coordination_request/${encodeURIComponent(e.request_id)}`}>mở đề nghị</a>], ['Ghi chú', inert(e.note ?? '')],
    ['SHA-256', <code class="hash" key="a">{e.sha256}</code>], ['SHA-512', e.sha512 && <code class="hash" key="b">{e.sha512}</code>],
  ];
  return (
    <section class="panel" aria-labelledby="about">
      <h2 id="about">Thông tin</h2>
      <dl class="facts">{rows.filter(([, value]) => value).map(([word, value]) => <div key={word}><dt>{word}</dt><dd>{value}</dd></div>)}</dl>
      {e.journal && (
        <p class="muted" data-testid="excerpt">Trích {numberText(e.journal.rows)} dòng nhật ký từ <When at={e.journal.from} /> đến <When at={e.journal.to} />{e.journal.query && <>, câu tìm <code>{inert(e.journal.query)}</code></>}.{!e.journal.whole && ' Chưa hết: đã đến giới hạn số dòng.'} Mã đầu chuỗi nhật ký lúc trích: <code class="hash">{e.journal.head_hash}</code></p>
      )}
    </section>
  );
}

export default function EvidenceItemPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/evidence/{id}', { path: { id }, signal: abort }), [id]);
  const [acting, setActing] = useState<Act | null>(null);
  useChange(changes.record.value, loaded.reload, 3000);
  const done = (after: EvidenceDetail): void => {
    setActing(null);
    if (after.events) loaded.set(after);
    else navigate('/chung-cu');  // given back: not ours to see any more
  };
  return (
    <Shown of={loaded} rows={10}>
      {(e) => (
        <>
          <p class="crumb"><a href="/chung-cu">Chứng cứ</a>{e.case_id && <> / <a href={`/chung-cu?vu=${encodeURIComponent(e.case_id)}`}>{inert(e.case_title ?? 'Vụ việc')}</a></>}</p>
          <PageHead title={`${e.number} ${inert(e.label)}`} sub={<>{e.agency_name}, đang giữ: {inert(e.holder)}. <EvidenceMark e={e} /></>}>
            <Button icon="print" onClick={() => window.print()}>In</Button>
            {e.has_content && <a class="button" href={address('/evidence/{id}/content', { id: e.id })} download data-testid="evidence-download"><Icon name="download" size={16} />Tải về</a>}
          </PageHead>
          {e.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Chứng cứ của một cuộc diễn tập.</p>}
          {e.acts.length > 0 && <div class="row-actions" role="group" aria-label="Việc với chứng cứ">{e.acts.map((a) => <Button key={a.act} kind={a.act === 'destroyed' ? 'danger' : ''} onClick={() => setActing(a)} data-testid={`act-${a.act}`}>{actWords[a.act]}</Button>)}</div>}
          {e.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Chứng cứ này thu trong diễn tập.</p>}
          <div class="split">
            <div><Custody e={e} /></div>
            <aside>
              <About e={e} />
              <Holds of={{ item_id: e.id }} />
              {e.may_update && (
                <section class="panel" aria-labelledby="readings"><h2 id="readings">Ai đã tải về</h2>
                  {e.readings.length === 0 ? <p class="muted">Chưa ai tải nội dung.</p> : <ul class="list" data-testid="readings">{e.readings.map((r) => <li key={r.at + r.by}>{inert(r.by)} <span class="muted"><When at={r.at} seconds /></span></li>)}</ul>}
                </section>
              )}
            </aside>
          </div>
          {acting && <Acting e={e} act={acting} onClose={() => setActing(null)} onDone={done} />}
        </>
      )}
    </Shown>
  );
}
