// SPDX-License-Identifier: Apache-2.0
// One report: what was said, and the three answers to it.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import { navigate } from '../app/router';
import { changes } from '../app/stream';
import type { IncidentReport, ReportDecision } from '../api/types';
import { reportAbout, reportChannels } from '../text/words';
import { tell } from '../ui/announce';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { ReportState } from './incident-reports';
import '../styles/evidence.css';

type Decide = (body: ReportDecision) => Promise<void>;

/** Other reports that wait, of the same agency first: often they are about the same thing. */
function Opening({ r, decide }: { r: IncidentReport; decide: Decide }) {
  const waiting = useLoad((abort) => get('/incident-reports', { signal: abort, query: { state: 'new', limit: 50 } }), [r.id]);
  const alerts = useLoad((abort) => get('/alerts', { signal: abort, query: { status: 'new,acknowledged', agency: r.agency_id, limit: 50 } }), [r.id]);
  const others = (waiting.data?.items ?? []).filter((one) => one.id !== r.id && one.exercise === r.exercise);
  const send = (event: Event): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    void decide({ decision: 'opened', title: String(data.get('title')), exercise: r.exercise || data.has('exercise'),
      report_ids: data.getAll('report').map(String), alert_ids: data.getAll('alert').map(String) });
  };
  return (
    <form class="form" onSubmit={send} data-testid="open-case-form">
      <label>Tên hồ sơ<input name="title" required maxLength={200} defaultValue={r.title} data-testid="case-title" /></label>
      {others.length > 0 && <details><summary>Tin báo khác về cùng việc ({others.length})</summary>
        {others.map((one) => <label class="check" key={one.id}><input type="checkbox" name="report" value={one.id} /> {inert(one.title)} <span class="muted">{one.agency_name}</span></label>)}</details>}
      {(alerts.data?.items ?? []).filter((a) => !a.case_id).length > 0 && <fieldset><legend>Cảnh báo về cùng việc</legend>
        {alerts.data!.items.filter((a) => !a.case_id).map((a) => <label class="check" key={a.id}><input type="checkbox" name="alert" value={a.id} /> {inert(a.title)} <span class="muted">{inert(a.host)}</span></label>)}</fieldset>}
      {!r.exercise && <label class="check"><input type="checkbox" name="exercise" /> Diễn tập</label>}
      <Button kind="main" type="submit" data-testid="decide-open">Mở hồ sơ</Button>
    </form>
  );
}

function Linking({ r, decide }: { r: IncidentReport; decide: Decide }) {
  const open = useLoad((abort) => get('/incidents', { signal: abort, query: { status: 'open', exercise: r.exercise || undefined, limit: 200 } }), [r.id]);
  const [into, setInto] = useState('');
  return (
    <form class="form" onSubmit={(e) => { e.preventDefault(); void decide({ decision: 'linked', case_id: into }); }}>
      <label>Hồ sơ đang xử lý<select required value={into} onChange={(e) => setInto(e.currentTarget.value)} data-testid="link-into"><option value="">Chọn hồ sơ</option>
        {(open.data?.items ?? []).map((c) => <option key={c.id} value={c.id}>{inert(c.title)} ({c.agency_name})</option>)}</select></label>
      <Button type="submit" disabled={!into} data-testid="decide-link">Đưa vào hồ sơ này</Button>
    </form>
  );
}

function Answering({ decide }: { decide: Decide }) {
  const [text, setText] = useState('');
  return (
    <form class="form" onSubmit={(e) => { e.preventDefault(); void decide({ decision: 'answered', answer: text.trim() }); }}>
      <label>Vì sao không phải sự cố<textarea rows={3} required maxLength={2000} value={text} onInput={(e) => setText(e.currentTarget.value)} data-testid="answer-text" /></label>
      <Button type="submit" disabled={text.trim() === ''} data-testid="decide-answer">Không phải sự cố</Button>
    </form>
  );
}

function Line({ name, text }: { name: string; text: string | undefined }) {
  return text ? <div><dt>{name}</dt><dd class="pre">{inert(text)}</dd></div> : null;
}

export default function IncidentReportPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/incident-reports/{id}', { path: { id }, signal: abort }), [id]);
  const [problem, setProblem] = useState('');
  useChange(changes.incident.value, loaded.reload, 4000);
  const decide: Decide = async (body) => {
    setProblem('');
    try {
      const after = await post('/incident-reports/{id}/decision', { path: { id }, body });
      tell('Đã trả lời tin báo.');
      if (after.case_id) navigate(`/su-co/${encodeURIComponent(after.case_id)}`);
      else loaded.set(after);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  const head = loaded.data;
  return (
    <>
      <p class="crumb"><a href="/tin-bao">Tin báo</a></p>
      <PageHead title={head ? inert(head.title) : 'Tin báo'} sub={head && <>{head.agency_name}, mã {head.number}</>} />
      <Shown of={loaded}>
        {(r) => (
          <>
            {r.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Tin báo này không phải việc thật.</p>}
            <div class="split">
              <section class="panel" aria-labelledby="report-said">
                <h2 id="report-said">Nội dung</h2>
                <p><ReportState state={r.state} /></p>
                <dl class="facts">
                  <Line name="Về" text={reportAbout[r.about]} />
                  <Line name="Mô tả" text={r.text} />
                  <Line name="Máy, hệ thống" text={r.where} />
                  <Line name="Đã làm" text={r.done} />
                  {r.found_at && <div><dt>Phát hiện lúc</dt><dd><When at={r.found_at} /></dd></div>}
                  <div><dt>Nhận lúc</dt><dd><When at={r.received_at} />, {reportChannels[r.channel]}{r.entered_by && <span class="muted">, người ghi: {inert(r.entered_by)}</span>}</dd></div>
                  <Line name="Người báo" text={r.reporter_name} />
                  <Line name="Phòng, đơn vị" text={r.reporter_unit} />
                  <Line name="Điện thoại" text={r.phone} />
                  <Line name="Thư điện tử" text={r.email} />
                  {r.decided_at && <div><dt>Trả lời</dt><dd><When at={r.decided_at} />, {inert(r.decided_by ?? '')}</dd></div>}
                  <Line name="Nội dung trả lời" text={r.answer} />
                </dl>
                {r.case_id && <p><a href={`/su-co/${encodeURIComponent(r.case_id)}`} data-testid="report-case">Xem hồ sơ sự cố</a></p>}
              </section>
              {r.may_decide && (
                <aside>
                  {problem && <p class="form-problem" role="alert">{problem}</p>}
                  <section class="panel" aria-labelledby="do-open"><h2 id="do-open">Là sự cố: mở hồ sơ</h2><Opening r={r} decide={decide} /></section>
                  <section class="panel" aria-labelledby="do-link"><h2 id="do-link">Trùng với hồ sơ đã có</h2><Linking r={r} decide={decide} /></section>
                  <section class="panel" aria-labelledby="do-answer"><h2 id="do-answer">Không phải sự cố</h2><Answering decide={decide} /></section>
                </aside>
              )}
            </div>
          </>
        )}
      </Shown>
    </>
  );
}
