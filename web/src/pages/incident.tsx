// SPDX-License-Identifier: Apache-2.0
// One incident: the steps as a stepper that can be acted on out of order where the pack allows, what the next step needs
// always in view, timeline in the middle, alerts, clocks and files at the side.
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { lazy } from '../app/lazy';
import type { PageProps } from '../app/pages';
import { navigate, query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Attachment, Case, CaseLink, StepAct, StepDefinition, StepState } from '../api/types';
import { timelineWords } from '../text/words';
import { tell } from '../ui/announce';
import { inert } from '../ui/inert';
import { FileList, Uploads } from '../ui/files';
import { ClassificationPanel, Classifying } from '../ui/classify';
import { readDraft, writeDraft } from '../ui/draft';
import { Icon, type IconName } from '../ui/icon';
import { useChange, useLoad } from '../ui/load';
import { Button, ClockLine, Drawer, PageHead, When } from '../ui/parts';
import { SchemaForm, type Doc } from '../ui/schema-form';
import { Shown } from '../ui/states';
import { LevelMark } from '../ui/status';
import '../styles/coordination.css';
import '../styles/incident.css';

const CaseEffects = lazy<{ c: Case; onCase: (after: Case) => void; onReload: () => void }>(() => import('./case-effects').then((m) => ({ default: m.CaseEffects })));
const OpenCase = lazy<{ parent: Case; onClose: () => void }>(() => import('../ui/open-case').then((m) => ({ default: m.OpenCase })));
const LiftSeal = lazy<{ c: Case; seal: string | null | undefined; by: string | null | undefined; onCase: (after: Case) => void }>(() => import('../ui/coordination').then((m) => ({ default: m.LiftSeal })));
const CaseCoordinationPanel = lazy<{ c: Case; onCase: (after: Case) => void }>(() => import('../ui/coordination').then((m) => ({ default: m.CaseCoordinationPanel })));

const kStepWords: Record<StepState['state'], string> = { waiting: 'Chưa làm', active: 'Đang làm', done: 'Đã xong', skipped: 'Bỏ qua' };
const kStepIcons: Record<StepState['state'], IconName> = { waiting: 'empty', active: 'clock', done: 'done', skipped: 'skip' };

/** Packs number their titles; the stepper numbers them itself. */
function bare(title: string): string {
  return title.replace(/^Bước\s+\d+\s*[:.]\s*/u, '');
}

type Act = (step: string, act: StepAct) => Promise<{ ok: boolean; fields: Record<string, string> }>;

function stateOf(c: Case, id: string): StepState {
  return c.steps.find((s) => s.id === id) ?? { id, state: 'waiting' };
}

function Stepper({ c, current, onPick }: { c: Case; current: string; onPick: (id: string) => void }) {
  return (
    <ol class="stepper" data-testid="stepper">
      {c.definition.steps.map((definition, i) => {
        const { state } = stateOf(c, definition.id);
        return (
          <li key={definition.id} class={`step-${state}`}>
            <button type="button" aria-current={definition.id === current ? 'step' : undefined} onClick={() => onPick(definition.id)}
                    data-testid={`step-${i + 1}`} data-step={definition.id} data-state={state}>
              <span class="step-number num">{i + 1}</span>
              <span class="step-title">{bare(definition.title)}</span>
              <span class="step-state"><Icon name={kStepIcons[state]} size={14} />{kStepWords[state]}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** Asks for one text before something happens: a reason, a note, a summary. */
function Asking({ title, label, hint, submit, testid, before = [], onClose, onSend }: {
  title: string; label: string; hint: string; submit: string; testid: string; before?: string[]; onClose: () => void; onSend: (text: string) => Promise<boolean>;
}) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (await onSend(text.trim())) onClose();
    setBusy(false);
  };
  return (
    <Drawer title={title} onClose={onClose} testid={testid}>
      {before.map((sentence) => <p key={sentence} class="note-line" data-testid={`${testid}-before`}>{inert(sentence)}</p>)}
      {before.length > 0 && <p class="muted">Vẫn kết thúc được; điều này được ghi vào diễn biến của hồ sơ, và đề nghị vẫn trả lời được sau đó.</p>}
      <form class="form" onSubmit={(e) => void send(e)}>
        <label>{label}<span class="hint">{hint}</span>
          <textarea rows={6} required value={text} onInput={(e) => setText(e.currentTarget.value)} data-testid={`${testid}-text`} /></label>
        <Button kind="main" type="submit" disabled={busy || text.trim() === ''} data-testid={`${testid}-send`}>{submit}</Button>
      </form>
    </Drawer>
  );
}

/** Two open cases of the same matter: this one ends, the chosen one goes on. */
function Merging({ c, onClose, onSend }: { c: Case; onClose: () => void; onSend: (into: string, reason: string) => Promise<boolean> }) {
  const open = useLoad((abort) => get('/incidents', { signal: abort, query: { status: 'open', exercise: c.exercise || undefined, limit: 200 } }), [c.id]);
  const [into, setInto] = useState('');
  const [reason, setReason] = useState('');
  const others = (open.data?.items ?? []).filter((one) => one.id !== c.id);
  return (
    <Drawer title="Gộp vào hồ sơ khác" onClose={onClose} testid="merge-dialog">
      <form class="form" onSubmit={(e) => { e.preventDefault(); void onSend(into, reason.trim()); }}>
        {c.unanswered?.map((sentence) => <p key={sentence} class="note-line">{inert(sentence)}</p>)}
        <p>Hồ sơ này kết thúc và dẫn sang hồ sơ được chọn; cảnh báo và tin báo chuyển sang đó. Diễn biến, chứng cứ, giấy tờ của hồ sơ này vẫn giữ nguyên ở đây. Không đổi lại được.</p>
        <label>Hồ sơ làm tiếp
          <select required value={into} onChange={(e) => setInto(e.currentTarget.value)} data-testid="merge-into"><option value="">Chọn hồ sơ đang xử lý</option>
            {others.map((one) => <option key={one.id} value={one.id}>{inert(one.title)} ({one.agency_name})</option>)}</select></label>
        <label>Lý do<textarea rows={4} required value={reason} onInput={(e) => setReason(e.currentTarget.value)} data-testid="merge-reason" /></label>
        <Button kind="main" type="submit" disabled={!into || reason.trim() === ''} data-testid="merge-send">Gộp hồ sơ</Button>
      </form>
    </Drawer>
  );
}

const kDetectedForm = {
  type: 'object', required: ['detected_at', 'reason'],
  properties: {
    detected_at: { type: 'string', format: 'date-time', title: 'Phát hiện lúc' },
    reason: { type: 'string', title: 'Lý do sửa', 'x-multiline': true, minLength: 1, maxLength: 2000 },
  },
};

/** What may be done with the case as a whole, by whom the procedure names. */
function CaseActions({ c, onCase }: { c: Case; onCase: (after: Case) => void }) {
  const [asking, setAsking] = useState<'' | 'stop' | 'reopen' | 'detected' | 'merge'>('');
  const send = async (call: () => Promise<Case>, done: string): Promise<boolean> => {
    try {
      onCase(await call());
      tell(done);
      setAsking('');
      return true;
    } catch (cause) {
      tell(problemFrom(cause).text, true);
      return false;
    }
  };
  const path = { id: c.id };
  return (
    <>
      {c.may?.correct_detected && <Button icon="clock" onClick={() => setAsking('detected')} data-testid="correct-detected">Sửa lúc phát hiện</Button>}
      {c.may?.stop && <Button icon="skip" onClick={() => setAsking('stop')} data-testid="stop-incident">Kết thúc sớm</Button>}
      {c.may?.stop && <Button icon="link" onClick={() => setAsking('merge')} data-testid="merge-incident">Gộp hồ sơ</Button>}
      {asking === 'merge' && <Merging c={c} onClose={() => setAsking('')} onSend={(into, reason) => send(() => post('/incidents/{id}/merge', { path, body: { into, reason } }), 'Đã gộp hồ sơ.')} />}
      {c.may?.reopen && !c.links?.merged_into && <Button icon="reopen" onClick={() => setAsking('reopen')} data-testid="reopen-incident">Mở lại hồ sơ</Button>}
      {asking === 'stop' && <Asking title="Kết thúc sớm hồ sơ" label="Lý do" hint="Ví dụ: kiểm tra lại thì không phải sự cố" submit="Kết thúc hồ sơ" testid="stop-dialog" before={c.unanswered} onClose={() => setAsking('')}
        onSend={(reason) => send(() => post('/incidents/{id}/stop', { path, body: { reason } }), 'Đã kết thúc hồ sơ.')} />}
      {asking === 'reopen' && <Asking title="Mở lại hồ sơ" label="Lý do" hint="Ví dụ: máy lại có dấu hiệu bị xâm nhập" submit="Mở lại hồ sơ" testid="reopen-case-dialog" onClose={() => setAsking('')}
        onSend={(reason) => send(() => post('/incidents/{id}/reopen', { path, body: { reason } }), 'Đã mở lại hồ sơ.')} />}
      {asking === 'detected' && (
        <Drawer title="Sửa thời điểm phát hiện" onClose={() => setAsking('')} testid="detected-dialog">
          <p class="muted">Thời hạn báo cáo tính lại từ thời điểm này; thời điểm cũ vẫn còn trong diễn biến.</p>
          <SchemaForm id={`${c.id}-detected`} schema={kDetectedForm} doc={{ detected_at: c.detected_at }} submitLabel="Lưu thời điểm" testid="detected-form"
            onSubmit={(doc) => send(() => post('/incidents/{id}/detected', { path, body: { detected_at: String(doc.detected_at), reason: String(doc.reason) } }), 'Đã sửa thời điểm phát hiện.')} />
        </Drawer>
      )}
    </>
  );
}

/** Parts of the case, what it is a part of, reports of it and cases merged into it. */
function CaseLinks({ c }: { c: Case }) {
  const [opening, setOpening] = useState(false);
  const links = c.links;
  const mayOpen = c.status === 'open' && !links?.parent && c.rights.includes('act') && may('create:incident');
  if (!links || (!mayOpen && !links.parent && links.reports.length + links.merged_from.length + links.parts.length === 0)) return null;
  const toCase = (word: string, to: CaseLink): VNode => <li key={to.id}>{word}: <a href={`/su-co/${encodeURIComponent(to.id)}`}>{inert(to.title)}</a>{to.state === 'open' ? '' : ' (đã đóng)'}</li>;
  return (
    <section class="panel" aria-labelledby="case-links">
      <h2 id="case-links">Hồ sơ và tin báo liên quan</h2>
      <ul class="list" data-testid="case-links">
        {links.parent && toCase('Hồ sơ chính', links.parent)}
        {links.parts.map((part) => part && toCase('Hồ sơ con', part))}
        {links.reports.map((r) => r && <li key={r.id}>Tin báo: <a href={`/tin-bao/${encodeURIComponent(r.id)}`}>{inert(r.title)}</a></li>)}
        {links.merged_from.map((m) => m && toCase('Hồ sơ đã gộp', m))}
      </ul>
      {mayOpen && <Button icon="plus" onClick={() => setOpening(true)} data-testid="open-part">Mở hồ sơ con</Button>}
      {opening && <OpenCase parent={c} onClose={() => setOpening(false)} />}
    </section>
  );
}

function StepCard({ c, definition, index, act, onFile }: {
  c: Case; definition: StepDefinition; index: number; act: Act; onFile: () => void;
}) {
  const state = stateOf(c, definition.id);
  const [asking, setAsking] = useState<'' | 'skip' | 'reopen' | 'note'>('');
  const [fresh, setFresh] = useState<Attachment[]>([]);
  const [fields, setFields] = useState<Record<string, string>>({});
  const closed = c.status === 'closed';
  const mayAct = !closed && state.may_act !== false && may('update:incident');
  const mayNote = !closed && c.rights.includes('note');
  const finished = state.state === 'done' || state.state === 'skipped';
  const kept = [...c.attachments, ...fresh].filter((f, i, all) => (state.attachments?.includes(f.sha256) || fresh.includes(f)) && all.findIndex((x) => x.sha256 === f.sha256) === i);
  const attachments = kept.map((f) => f.sha256);
  const done = async (doc: Doc): Promise<boolean> => {
    const { ok, fields: wrong } = await act(definition.id, { verb: 'done', doc, attachments });
    setFields(wrong);
    if (ok) setFresh([]);
    return ok;
  };
  const save = async (doc: Doc): Promise<boolean> => (await act(definition.id, { verb: 'begin', doc, attachments })).ok;
  return (
    <section class="panel step-card" aria-labelledby="step-title" data-testid="step-card" data-step={definition.id} data-state={state.state}>
      <header class="step-head">
        <h2 id="step-title">Bước {index + 1}: {bare(definition.title)}</h2>
        <span class={`step-state step-${state.state}`} data-testid="step-state"><Icon name={kStepIcons[state.state]} size={16} />{kStepWords[state.state]}</span>
      </header>
      {definition.advice && <p class="advice prose">{definition.advice}</p>}
      {(definition.searches?.length ?? 0) > 0 && (
        <nav class="step-searches" aria-label="Xem trong nhật ký">
          <h3>Xem trong nhật ký</h3>
          <ul>{definition.searches!.map((s) => (
            <li key={s.title}><a href={`/nhat-ky?q=${encodeURIComponent(s.query)}&from=${s.from}&to=${s.to}`} data-testid="step-search">{s.title}</a></li>))}</ul>
        </nav>
      )}
      {state.by && <p class="muted">{kStepWords[state.state]}: {state.by}, <When at={state.at} /></p>}
      {state.skip_reason && <p class="note-line">Lý do bỏ qua: {state.skip_reason}</p>}
      {(kept.length > 0 || (mayAct && !finished)) && (
        <div class="step-files">
          <h3>Tệp của bước này</h3>
          {kept.length > 0 ? <FileList files={kept} /> : <p class="muted">Chưa có tệp.</p>}
          {mayAct && !finished && <Uploads caseId={c.id} onStored={(f) => { setFresh((all) => [...all, f]); onFile(); }} />}
        </div>
      )}
      {(!finished || Object.keys(state.doc ?? {}).length > 0) && (
        <SchemaForm key={`${definition.id}-${state.state === 'done'}-${c.classification?.at ?? ''}`} id={`${c.id}-${definition.id}`} schema={definition.form} doc={state.doc ?? {}}
                    disabled={!mayAct || finished} submitLabel="Hoàn thành bước" testid="step-form" serverErrors={fields} onSubmit={done} onSave={save} />
      )}
      {(mayAct || mayNote) && (
        <p class="row-actions">
          {mayAct && !finished && definition.may_skip && <Button icon="skip" onClick={() => setAsking('skip')} data-testid="step-skip">Bỏ qua, nêu lý do</Button>}
          {mayAct && finished && <Button icon="reopen" onClick={() => setAsking('reopen')} data-testid="step-reopen">Mở lại bước</Button>}
          <Button icon="note" onClick={() => setAsking('note')} data-testid="step-note">Ghi chú</Button>
        </p>
      )}
      {asking === 'skip' && <Asking title={`Bỏ qua bước ${index + 1}`} label="Lý do" hint="Ví dụ: máy không nối mạng nên không phải ngắt" submit="Bỏ qua bước này" testid="skip-dialog"
        onClose={() => setAsking('')} onSend={async (reason) => (await act(definition.id, { verb: 'skip', reason })).ok} />}
      {asking === 'reopen' && <Asking title={`Mở lại bước ${index + 1}`} label="Lý do" hint="Ví dụ: phát hiện thêm một máy bị ảnh hưởng" submit="Mở lại" testid="reopen-dialog"
        onClose={() => setAsking('')} onSend={async (reason) => (await act(definition.id, { verb: 'reopen', reason })).ok} />}
      {asking === 'note' && <Asking title="Ghi chú vào diễn biến" label="Nội dung" hint="Ví dụ: 09:20 đã gọi nhà cung cấp dịch vụ, hẹn 10:00 có người" submit="Lưu ghi chú" testid="note-dialog"
        onClose={() => setAsking('')} onSend={async (reason) => (await act(definition.id, { verb: 'note', reason })).ok} />}
    </section>
  );
}

/** " 1: Cô lập máy chủ", when the entry is about a step. */
function stepName(c: Case, step: string | undefined): string {
  const index = c.definition.steps.findIndex((s) => s.id === step);
  return index < 0 ? '' : ` ${index + 1}: ${bare(c.definition.steps[index]!.title)}`;
}

function Timeline({ c, onCase }: { c: Case; onCase: (after: Case) => void }) {
  return (
    <section class="panel" aria-labelledby="timeline">
      <h2 id="timeline">Diễn biến</h2>
      {(c.timeline_total ?? 0) > c.timeline.length && <p class="muted">{c.timeline.length} mục mới nhất trong {c.timeline_total} mục.</p>}
      <ol class="timeline" data-testid="timeline">
        {[...c.timeline].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).map((e, i) => (
          <li key={`${e.at}${i}`}>
            <When at={e.at} />
            <span><b>{timelineWords[e.kind] ?? e.kind}{e.kind === 'effect' && e.step && ' ở bước'}{stepName(c, e.step)}</b> <span class="muted">{e.by}</span>{e.sealed && <span class="muted"> <Icon name="lock" size={14} /> giữ kín</span>}{e.text && <><br />{inert(e.text)}</>}{e.seal && <><br /><LiftSeal c={c} seal={e.seal} by={e.sealed_by} onCase={onCase} /></>}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What the hub has just put into a form also goes into the draft that somebody is typing there. */
function renewDrafts(before: Case, after: Case): void {
  for (const step of after.steps) {
    const draft = readDraft<Record<string, unknown>>(`${after.id}-${step.id}`);
    const old = stateOf(before, step.id).doc ?? {};
    const news = Object.entries(step.doc ?? {}).filter(([name, value]) => typeof value === 'string' && value !== old[name]);
    if (draft && news.length > 0) writeDraft(`${after.id}-${step.id}`, { ...draft, ...Object.fromEntries(news) });
  }
}

export default function IncidentPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/incidents/{id}', { path: { id }, signal: abort }), [id]);
  const [closing, setClosing] = useState(false);
  const [classifying, setClassifying] = useState(false);
  useChange(changes.incident.value, loaded.reload, 3000);
  const c = loaded.data;
  const open = c?.definition.steps.find((s) => !['done', 'skipped'].includes(stateOf(c, s.id).state))?.id;
  const wanted = query.value.get('buoc');
  const current = c?.definition.steps.find((s) => s.id === wanted)?.id ?? open ?? c?.definition.steps.at(-1)?.id ?? '';
  useEffect(() => {
    // Stay on the step that was first shown until the person moves on; a live update must not change the form.
    if (c && !wanted && current) setQuery({ buoc: current }, { replace: true });
  }, [c, wanted, current]);
  const act: Act = async (step, body) => {
    try {
      const after = await post('/incidents/{id}/steps/{step}', { path: { id, step }, body });
      loaded.set(after);
      const words = { begin: 'Đã lưu vào hồ sơ; bước này vẫn mở.', done: 'Đã hoàn thành bước.', skip: 'Đã bỏ qua bước.', reopen: 'Đã mở lại bước.', note: 'Đã lưu ghi chú.' };
      tell(words[body.verb]);
      if (body.verb === 'done' || body.verb === 'skip') {
        const next = after.definition.steps.find((s) => !['done', 'skipped'].includes(stateOf(after, s.id).state));
        if (next) setQuery({ buoc: next.id }, { replace: true });
      }
      return { ok: true, fields: {} };
    } catch (cause) {
      const problem = problemFrom(cause);
      tell(problem.text, true);
      return { ok: false, fields: problem.fields ?? {} };
    }
  };
  const close = async (summary: string): Promise<boolean> => {
    try {
      loaded.set(await post('/incidents/{id}/close', { path: { id }, body: { summary } }));
      tell('Đã đóng hồ sơ sự cố.');
      return true;
    } catch (cause) {
      tell(problemFrom(cause).text, true);
      return false;
    }
  };
  const index = c?.definition.steps.findIndex((s) => s.id === current) ?? 0;
  const step = c?.definition.steps[index];
  return (
    <>
      <p class="crumb"><a href="/su-co">Sự cố</a></p>
      <PageHead title={c ? inert(c.title) : 'Sự cố'}
                sub={c && <span data-testid="incident-status">{c.agency_name}, {c.detected_at && <>phát hiện lúc <When at={c.detected_at} />, </>}mở lúc <When at={c.opened_at} />, {c.stop_reason ? 'kết thúc sớm' : c.status === 'closed' ? 'đã đóng' : 'đang xử lý'}</span>}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
        {c && c.rights.includes('papers') && <Button icon="file" onClick={() => navigate(`/giay-to?vu-viec=${encodeURIComponent(c.id)}`)} data-testid="case-papers">Giấy tờ</Button>}
        {c && <CaseActions key={c.id} c={c} onCase={(after) => loaded.set(after)} />}
        {c?.status === 'open' && c.may?.close && (
          <Button kind={open ? '' : 'main'} icon="case" disabled={!!open} title={open ? 'Đóng được khi mọi bước đã xong hoặc bỏ qua có lý do' : ''}
                  onClick={() => setClosing(true)} data-testid="close-incident">Đóng hồ sơ</Button>
        )}
      </PageHead>
      <Shown of={loaded} rows={10}>
        {(k) => (
          <>
            {k.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Hồ sơ này không phải việc thật. Không cắt mạng máy thật, không báo ra ngoài như việc thật.</p>}
            {k.links?.merged_into && <p class="next" data-testid="merged-into"><Icon name="link" size={16} /><span><b>Đã gộp vào: </b><a href={`/su-co/${encodeURIComponent(k.links.merged_into.id)}`}>{inert(k.links.merged_into.title)}</a></span></p>}
            <Stepper c={k} current={current} onPick={(next) => setQuery({ buoc: next })} />
            {k.status === 'open' && <p class="next" data-testid="next-needed"><Icon name="right" size={16} /><span><b>Việc tiếp theo: </b>{k.next_needed || 'Mọi bước đã xong. Ghi tóm tắt rồi đóng hồ sơ.'}</span></p>}
            {k.stop_reason && <p class="next"><Icon name="skip" size={16} /><span><b>Lý do kết thúc sớm: </b>{inert(k.stop_reason)}</span></p>}
            {k.status === 'closed' && !k.stop_reason && k.summary && <p class="next"><Icon name="done" size={16} /><span><b>Tóm tắt khi đóng: </b>{k.summary}</span></p>}
            <div class="split">
              <div>
                {step && <StepCard key={step.id} c={k} definition={step} index={index} act={act} onFile={() => undefined} />}
                <CaseCoordinationPanel c={k} onCase={(after) => loaded.set(after)} />
                {k.rights.includes('timeline') && <Timeline c={k} onCase={(after) => loaded.set(after)} />}
              </div>
              <aside>
                {(k.clocks?.length ?? 0) > 0 && k.status === 'open' && (
                  <section class="panel" aria-labelledby="clocks"><h2 id="clocks">Hạn</h2>{k.clocks!.map((clock) => <ClockLine key={`${clock.step ?? ''}${clock.label}`} clock={clock} />)}</section>
                )}
                <CaseEffects c={k} onCase={(after) => loaded.set(after)} onReload={loaded.reload} />
                <ClassificationPanel c={k} onOpen={k.status === 'open' && may('update:incident') && may('read:record') ? () => setClassifying(true) : undefined} />
                <section class="panel" aria-labelledby="case-alerts">
                  <h2 id="case-alerts">Cảnh báo trong hồ sơ</h2>
                  {k.alerts_hidden ? <p class="muted">Có cảnh báo mà tài khoản này không được xem.</p> : k.alerts.length === 0 && <p class="muted">{k.links?.reports.length ? 'Hồ sơ này mở từ tin báo, không từ cảnh báo.' : 'Hồ sơ này mở bằng tay, không từ cảnh báo.'}</p>}
                  <ul class="list">{k.alerts.map((a) => (
                    <li key={a.id}><LevelMark level={a.level} /> <a href={`/canh-bao/${encodeURIComponent(a.id)}`}>{inert(a.title)}</a><p class="muted">{inert(a.host)}, <When at={a.last_at} /></p></li>
                  ))}</ul>
                </section>
                <CaseLinks c={k} />
                <section class="panel" aria-labelledby="case-files">
                  <h2 id="case-files">Tệp trong hồ sơ</h2>
                  {k.attachments.length === 0 ? <p class="muted">Chưa có tệp. Tệp được đính kèm ở từng bước.</p> : <FileList files={k.attachments} />}
                  {k.attachments.filter((f) => f.seal && session.value!.user.agency_ids.includes(f.sealed_by ?? '')).map((f) => <p key={f.seal} class="row-actions">{inert(f.name)} <LiftSeal c={k} seal={f.seal} by={f.sealed_by} onCase={(after) => loaded.set(after)} /></p>)}
                  {k.rights.includes('evidence') && <p><a href={`/chung-cu?vu=${encodeURIComponent(k.id)}`} data-testid="case-evidence">Chứng cứ của vụ việc</a></p>}
                  {k.rights.includes('export') && <p class="muted">Tệp cho hệ thống của cơ quan khác: <a href={`/api/v1/incidents/${encodeURIComponent(k.id)}/export?format=stix`} download data-testid="case-stix">STIX 2.1</a>, <a href={`/api/v1/incidents/${encodeURIComponent(k.id)}/export?format=iodef`} download>IODEF 2</a></p>}
                </section>
                {k.description && <section class="panel" aria-labelledby="case-text"><h2 id="case-text">Mô tả ban đầu</h2><p class="prose pre">{inert(k.description)}</p></section>}
                {k.definition.title && <p class="muted small">Quy trình: {k.definition.title}</p>}
              </aside>
            </div>
          </>
        )}
      </Shown>
      {classifying && c && <Classifying c={c} onClose={() => setClassifying(false)} onDone={(after) => { renewDrafts(c, after); loaded.set(after); setClassifying(false); }} />}
      {closing && <Asking title="Đóng hồ sơ sự cố" label="Tóm tắt" hint="Nguyên nhân, phạm vi, cách xử lý, việc cần làm để không lặp lại" submit="Đóng hồ sơ" testid="close-dialog" before={c?.unanswered}
        onClose={() => setClosing(false)} onSend={close} />}
    </>
  );
}
