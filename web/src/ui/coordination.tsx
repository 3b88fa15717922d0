// SPDX-License-Identifier: Apache-2.0
// Coordination between bodies: one request with its answer, sending one, sealed notes. Used by the case page and by the inbox.
import { useEffect, useState } from 'preact/hooks';
import { get, patch, post, problemFrom } from '../api/client';
import { session } from '../app/session';
import type { Case, CaseLoan, CaseParty, CoordinationProposal, CoordinationRequest, Problem, Register } from '../api/types';
import { dateText, dueText } from '../text/format';
import { tell } from './announce';
import { Icon } from './icon';
import { inert } from './inert';
import { Uploads } from './files';
import { useLoad } from './load';
import { Button, Drawer, When } from './parts';
import { loadRegisters } from './registers';
import { SchemaForm, type Doc, type Schema } from './schema-form';
import { Shown } from './states';

const kKind = 'coordination_request';
/** What is asked before sending; the rest comes with the answer. */
const kAskFields = ['to_body', 'to_agency_id', 'wanted', 'channel', 'sent_at', 'content', 'sent_by', 'document_number', 'members_agreed', 'confidential', 'readers'];
const kAnswerFields = ['answered_at', 'answered_by', 'answer', 'received_by', 'accepted', 'acted_at', 'given'];
const kAnswerNeeded = ['answered_at', 'answered_by', 'answer'];
const kConfirmFields = ['confirmation_number', 'confirmed_on'];

/** For whom somebody writes: the own body; the hub takes the lead department for the province's people without one. */
export function ownBody(): string | undefined {
  return session.value?.user.agency_ids[0];
}

function part(register: Register, fields: string[], required: string[]): Schema {
  const all = register.schema.properties as Record<string, Schema>;
  return { type: 'object', required, properties: Object.fromEntries(fields.flatMap((name) => (all[name] ? [[name, all[name]]] : []))) };
}

const kLoanKind = 'coordination_loan';
const kLendFields = ['what', 'name', 'serial', 'quantity', 'borrower_id', 'lent_on', 'due_back_on', 'handed_over_by', 'taken_over_by'];
const kReturnFields = ['returned_on', 'condition'];

function useRegister(kind: string): Register | null {
  const [register, setRegister] = useState<Register | null>(null);
  useEffect(() => {
    loadRegisters().then((list) => setRegister(list.find((r) => r.kind === kind) ?? null), () => undefined);
  }, [kind]);
  return register;
}

/** A drawer with one form of a register. */
function RequestForm({ kind = kKind, id, title, fields, required, doc, submit, testid, onClose, onSend, children }: {
  kind?: string; id: string; title: string; fields: string[]; required: string[]; doc: Doc; submit: string; testid: string; onClose: () => void; onSend: (doc: Doc) => Promise<void>; children?: preact.ComponentChildren;
}) {
  const register = useRegister(kind);
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (filled: Doc): Promise<boolean> => {
    try {
      await onSend(filled);
      onClose();
      return true;
    } catch (cause) {
      setProblem(problemFrom(cause));
      return false;
    }
  };
  return (
    <Drawer title={title} onClose={onClose} testid={testid}>
      {problem && <p class="form-problem" role="alert">{problem.text}</p>}
      {children}
      {register && <SchemaForm id={id} schema={part(register, fields, required)} doc={doc} submitLabel={submit} testid={`${testid}-form`} serverErrors={problem?.fields} onSubmit={send} />}
    </Drawer>
  );
}

export function AskDrawer({ caseId, from, onClose, onSent }: { caseId?: string; from?: Partial<CoordinationProposal>; onClose: () => void; onSent: () => void }) {
  const doc: Doc = { sent_at: new Date().toISOString(), ...(caseId ? { case_id: caseId } : {}), ...(from ? { to_body: from.to_body, wanted: from.wanted, content: from.content } : {}) };
  return (
    <RequestForm id={`ask-${caseId ?? ''}-${from?.id ?? ''}`} title="Gửi đề nghị phối hợp" fields={kAskFields} required={['to_body', 'wanted', 'channel', 'sent_at', 'content']} doc={doc}
                 submit="Gửi đề nghị" testid="ask" onClose={onClose} onSend={async (filled) => {
                   await post('/registers/{kind}', { path: { kind: kKind }, body: { agency_id: ownBody(), doc: { ...filled, ...(caseId ? { case_id: caseId } : {}) } } });
                   tell('Đã gửi đề nghị.');
                   onSent();
                 }}>
      <p class="muted">Đã gọi điện hay gửi thư trước thì ghi lại ở đây; văn bản xác nhận có thể bổ sung sau. Chọn giữ kín thì chỉ đơn vị gửi và cơ quan nhận đọc được.</p>
    </RequestForm>
  );
}

export function RequestCard({ r, onChanged, showCase = false }: { r: CoordinationRequest; onChanged: () => void; showCase?: boolean }) {
  const [asking, setAsking] = useState<'' | 'answer' | 'confirm'>('');
  const move = async (to: string, doc: Doc, done: string): Promise<void> => {
    await post('/registers/{kind}/{id}/move', { path: { kind: kKind, id: r.id }, body: { to, doc, version: r.version } });
    tell(done);
    onChanged();
  };
  const plain = (to: string, done: string): void => void move(to, {}, done).catch((cause: unknown) => tell(problemFrom(cause).text, true));
  return (
    <li class="panel request" data-testid="request" data-id={r.id} data-state={r.state}>
      {r.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Đề nghị này không phải việc thật.</p>}
      <p class="request-head"><b>{inert(r.agency_name)} <Icon name="right" size={14} /> {inert(r.to_title)}</b>
        <span class="muted">{r.state_title}{r.sealed && <> <Icon name="lock" size={14} /> giữ kín</>}</span></p>
      <p>{r.wanted_title}, {r.channel_title.toLowerCase()}, <When at={r.sent_at} />{r.sent_by && <>, người gửi {inert(r.sent_by)}</>}{r.received_by && <>, người nhận {inert(r.received_by)}</>}</p>
      <p class="prose pre">{inert(r.content)}</p>
      {showCase && r.case_id && r.case_title && <p>Hồ sơ: <a href={`/su-co/${encodeURIComponent(r.case_id)}`}>{inert(r.case_title)}</a></p>}
      {r.state === 'sent' && r.due_at && <p class={r.overdue ? 'overdue' : 'muted'}><Icon name={r.overdue ? 'late' : 'clock'} size={14} /> {r.overdue ? 'Quá hạn trả lời' : 'Hạn trả lời'}: <span class="num">{dueText(r.due_at)}</span></p>}
      {r.answer && <p class="note-line"><b>Trả lời</b> <When at={r.answered_at} />, {inert(r.answered_by ?? '')}: {inert(r.answer)}{r.given && <><br />Đã hỗ trợ: {inert(r.given)}</>}</p>}
      {r.confirmation_number && <p class="muted">Văn bản xác nhận: {inert(r.confirmation_number)}</p>}
      <p class="row-actions">
        {r.may_answer && <Button icon="pen" onClick={() => setAsking('answer')} data-testid="answer-request">Trả lời</Button>}
        {r.may_update && r.state === 'answered' && <Button icon="done" onClick={() => plain('done', 'Đã ghi hoàn thành.')} data-testid="finish-request">Hoàn thành</Button>}
        {r.may_update && r.state === 'sent' && <Button icon="skip" onClick={() => plain('withdrawn', 'Đã rút đề nghị.')}>Rút lại</Button>}
        {r.may_update && ['sent', 'answered'].includes(r.state) && !r.confirmation_number && r.channel !== 'document' && <Button icon="file" onClick={() => setAsking('confirm')}>Bổ sung văn bản</Button>}
        {r.may_unseal && <Unseal warning="Đơn vị khác có quyền xem sổ đề nghị sẽ đọc được đề nghị này và mọi lần sửa của nó; lý do được ghi vào bản ghi trong sổ." onLift={async (reason) => {
          await patch('/registers/{kind}/{id}', { path: { kind: kKind, id: r.id }, body: { doc: { confidential: false }, version: r.version, reason } });
          onChanged();
        }} />}
        {r.wanted === 'evidence' && r.case_id && <a href={`/chung-cu?vu=${encodeURIComponent(r.case_id)}`}>Chứng cứ của vụ việc</a>}
        <a href={`/so-dang-ky/${kKind}/${encodeURIComponent(r.id)}`}>Bản ghi trong sổ</a>
      </p>
      {asking === 'answer' && <RequestForm id={`answer-${r.id}`} title="Trả lời đề nghị" fields={kAnswerFields} required={kAnswerNeeded} doc={{ answered_at: new Date().toISOString(), answered_by: session.value!.user.name }}
        submit="Gửi trả lời" testid="answer" onClose={() => setAsking('')} onSend={(doc) => move('answered', doc, 'Đã trả lời đề nghị.')} />}
      {asking === 'confirm' && <RequestForm id={`confirm-${r.id}`} title="Bổ sung văn bản xác nhận" fields={kConfirmFields} required={['confirmation_number']} doc={{}} submit="Lưu" testid="confirm" onClose={() => setAsking('')}
        onSend={async (doc) => {
          await patchRequest(r, doc);
          onChanged();
        }} />}
    </li>
  );
}

async function patchRequest(r: CoordinationRequest, doc: Doc): Promise<void> {
  await patch('/registers/{kind}/{id}', { path: { kind: kKind, id: r.id }, body: { doc, version: r.version } });
  tell('Đã lưu văn bản xác nhận.');
}

/** Staff, software and equipment lent for the case: what is out, lending more, taking back. */
function Loans({ c, loans, mayLend, onChanged }: { c: Case; loans: CaseLoan[]; mayLend: boolean; onChanged: () => void }) {
  const [asking, setAsking] = useState<'' | 'lend' | CaseLoan>('');
  const today = new Date().toLocaleDateString('sv');
  const sent = (words: string): void => {
    tell(words);
    onChanged();
  };
  return (
    <>
      {loans.length > 0 && (
        <ul class="list" data-testid="loans">{loans.map((l) => (
          <li key={l.id} data-testid="loan" data-state={l.state}>
            <b>{l.what_title}: {inert(l.name)}</b>{l.quantity !== null && l.quantity !== undefined && <> ({l.quantity})</>} <span class="muted">{inert(l.lender_name)} <Icon name="right" size={14} /> {inert(l.borrower_name)}, từ {dateText(l.lent_on)}
              {l.state === 'lent' && l.due_back_on && <>, hẹn trả {dateText(l.due_back_on)}</>}{l.returned_on && <>, nhận lại {dateText(l.returned_on)}{l.condition && <>: {inert(l.condition)}</>}</>}</span>
            {l.may_return && <> <Button onClick={() => setAsking(l)} data-testid="loan-return">Đã nhận lại</Button></>}
          </li>
        ))}</ul>
      )}
      {mayLend && <p class="row-actions"><Button icon="plus" onClick={() => setAsking('lend')} data-testid="lend-open">Cho mượn người, thiết bị</Button></p>}
      {asking === 'lend' && <RequestForm kind={kLoanKind} id={`lend-${c.id}`} title="Cho mượn người, phần mềm, thiết bị" fields={kLendFields} required={['what', 'name', 'borrower_id', 'lent_on']}
        doc={{ lent_on: today, case_id: c.id, ...(ownBody() === c.agency_id ? {} : { borrower_id: c.agency_id }) }} submit="Ghi cho mượn" testid="lend" onClose={() => setAsking('')} onSend={async (doc) => {
          await post('/registers/{kind}', { path: { kind: kLoanKind }, body: { agency_id: ownBody(), doc: { ...doc, case_id: c.id } } });
          sent('Đã ghi cho mượn.');
        }} />}
      {typeof asking === 'object' && <RequestForm kind={kLoanKind} id={`return-${asking.id}`} title="Nhận lại" fields={kReturnFields} required={['returned_on']} doc={{ returned_on: today }} submit="Ghi đã nhận lại" testid="return"
        onClose={() => setAsking('')} onSend={async (doc) => {
          await post('/registers/{kind}/{id}/move', { path: { kind: kLoanKind, id: asking.id }, body: { to: 'returned', doc, version: asking.version } });
          sent('Đã ghi nhận lại.');
        }} />}
    </>
  );
}

/** A button that lifts a seal, with the drawer that asks why. */
function Unseal({ warning, onLift }: { warning: string; onLift: (reason: string) => Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await onLift(reason.trim());
      tell('Đã bỏ giữ kín.');
      setAsking(false);
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    }
  };
  return (
    <>
      <Button icon="lock" onClick={() => setAsking(true)} data-testid="lift-seal">Bỏ giữ kín</Button>
      {asking && (
        <Drawer title="Bỏ giữ kín" onClose={() => setAsking(false)} testid="lift">
          <p class="muted">{warning}</p>
          <form class="form" onSubmit={(e) => void send(e)}>
            <label>Lý do<textarea rows={3} required maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} data-testid="lift-reason" /></label>
            <Button kind="main" type="submit" disabled={reason.trim() === ''} data-testid="lift-send">Bỏ giữ kín</Button>
          </form>
        </Drawer>
      )}
    </>
  );
}

/** Lifts the seal of a note or a file of the own body; nothing for others. */
export function LiftSeal({ c, seal, by, onCase }: { c: Case; seal: string | null | undefined; by: string | null | undefined; onCase: (after: Case) => void }) {
  if (!seal || !by || !session.value!.user.agency_ids.includes(by)) return null;
  return (
    <Unseal warning="Mọi đơn vị đọc được hồ sơ này sẽ đọc được mục này, kể cả trong văn bản và gói chứng cứ. Không hoàn lại được." onLift={async (reason) => {
      onCase(await post('/incidents/{id}/lift-seal', { path: { id: c.id }, body: { record: seal, reason } }));
    }} />
  );
}

/** A note or a file for the own body and the chosen parties alone. */
function SealedDrawer({ c, parties, onClose, onCase }: { c: Case; parties: CaseParty[]; onClose: () => void; onCase: (after: Case) => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const own = session.value!.user.agency_ids;
  const bodies = [{ id: c.agency_id, name: c.agency_name ?? c.agency_id }, ...parties.map((p) => ({ id: p.agency_id, name: p.agency_name }))].filter((b) => !own.includes(b.id));
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      onCase(await post('/incidents/{id}/sealed-notes', { path: { id: c.id }, body: { text: text.trim(), sealed_for: chosen } }));
      tell('Đã lưu ghi chú giữ kín.');
      onClose();
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    }
  };
  return (
    <Drawer title="Ghi chú giữ kín" onClose={onClose} testid="sealed">
      <p class="muted">Chỉ đơn vị của bạn và các đơn vị được chọn đọc được; không vào văn bản, gói chứng cứ hay tệp gửi ra ngoài.</p>
      <form class="form" onSubmit={(e) => void send(e)}>
        <fieldset><legend>Đơn vị được đọc</legend>
          {bodies.length === 0 && <p class="muted">Hồ sơ chưa có đơn vị nào khác.</p>}
          {bodies.map((b) => (
            <label key={b.id} class="check"><input type="checkbox" checked={chosen.includes(b.id)} onChange={(e) => setChosen((all) => (e.currentTarget.checked ? [...all, b.id] : all.filter((x) => x !== b.id)))} /> {inert(b.name)}</label>
          ))}
        </fieldset>
        <label>Nội dung<textarea rows={6} required value={text} onInput={(e) => setText(e.currentTarget.value)} data-testid="sealed-text" /></label>
        <Button kind="main" type="submit" disabled={text.trim() === ''} data-testid="sealed-send">Lưu ghi chú giữ kín</Button>
      </form>
      <Uploads caseId={c.id} sealedFor={chosen} label="Đính kèm tệp giữ kín" onStored={() => undefined} />
    </Drawer>
  );
}

/** Who takes part, what the pack asks for now, requests: of one case. */
export function CaseCoordinationPanel({ c, onCase }: { c: Case; onCase: (after: Case) => void }) {
  const loaded = useLoad((abort) => get('/incidents/{id}/coordination', { path: { id: c.id }, signal: abort }), [c.id, c.timeline_total, c.parties.length]);
  const [asking, setAsking] = useState<Partial<CoordinationProposal> | null>(null);
  const [sealing, setSealing] = useState(false);
  const mayNote = c.rights.includes('note') && c.status === 'open';
  return (
    <section class="panel" aria-labelledby="coordination" data-testid="case-coordination">
      <h2 id="coordination">Phối hợp</h2>
      <Shown of={loaded} rows={3}>
        {(k) => {
          // What waits for an answer comes first, what is over folds away.
          const [sent, answered] = ['sent', 'answered'].map((state) => k.requests.filter((r) => r.state === state));
          const running = [...sent!, ...answered!];
          const over = k.requests.filter((r) => !running.includes(r));
          return (
          <>
            {k.proposals.length > 0 && <h3>Đề nghị mà quy chế yêu cầu</h3>}
            {k.proposals.length > 0 && (
              <ul class="list" data-testid="proposals">{k.proposals.map((p) => (
                <li key={`${p.id}${p.to_body}`} class={p.overdue ? 'overdue' : ''} data-testid="proposal" data-id={p.id} data-sent={p.sent}>
                  <b>{p.title}</b>{p.citation && <span class="muted"> ({p.citation})</span>}
                  {p.due_at && !p.sent && <><br /><Icon name={p.overdue ? 'late' : 'clock'} size={14} /> hạn <span class="num">{dueText(p.due_at)}</span></>}<br />
                  {p.sent ? <><Icon name="done" size={14} /> Đã gửi {p.to_title}</> : k.may_ask && <Button onClick={() => setAsking(p)} data-testid={`propose-${p.id}`}>Gửi {p.to_title}: {p.wanted_title.toLowerCase()}</Button>}
                </li>
              ))}</ul>
            )}
            <h3>Đơn vị tham gia</h3>
            {k.parties.length === 0 ? <p class="muted">Chưa mời đơn vị nào tham gia.</p> : (
              <ul class="list" data-testid="parties">{k.parties.map((p) => <li key={p.agency_id}><b>{inert(p.agency_name)}</b> <span class="muted">{p.title !== p.agency_name && `${p.title}, `}từ <When at={p.since} /></span></li>)}</ul>
            )}
            {k.requests.length > 0 && <h3>Đề nghị của hồ sơ</h3>}
            {running.length > 0 && <ul class="list requests" data-testid="case-requests">{running.map((r) => <RequestCard key={r.id} r={r} onChanged={loaded.reload} />)}</ul>}
            {over.length > 0 && <details><summary>Đề nghị đã hoàn thành, đã rút ({over.length})</summary><ul class="list requests">{over.map((r) => <RequestCard key={r.id} r={r} onChanged={loaded.reload} />)}</ul></details>}
            <p class="row-actions">
              {k.may_ask && <Button icon="note" onClick={() => setAsking({})} data-testid="ask-open">Gửi đề nghị</Button>}
              {mayNote && <Button icon="lock" onClick={() => setSealing(true)} data-testid="sealed-open">Ghi chú giữ kín</Button>}
            </p>
            <Loans c={c} loans={k.loans} mayLend={k.may_lend} onChanged={loaded.reload} />
            {sealing && <SealedDrawer c={c} parties={k.parties} onClose={() => setSealing(false)} onCase={onCase} />}
          </>
          );
        }}
      </Shown>
      {asking && <AskDrawer caseId={c.id} from={asking} onClose={() => setAsking(null)} onSent={loaded.reload} />}
    </section>
  );
}
