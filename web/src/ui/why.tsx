// SPDX-License-Identifier: Apache-2.0
// "Vì sao?": behind every status of an obligation stand the clause, the rule in readable form, the evidence with time and
// source, what would change the verdict, and its history. Used by the matrix and by the page of a device.
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { may } from '../app/session';
import type { Attachment, ClauseDetail, Evidence, Obligation } from '../api/types';
import { evidenceText, sentence } from '../text/facts';
import { dueText, parseTime } from '../text/format';
import { dayText, periodText } from '../text/periods';
import { evidenceWords, satisfiedByWords, statusOrder, statusWords } from '../text/words';
import { tell } from './announce';
import { DayInput } from './day-input';
import { inert } from './inert';
import { FileList, Uploads } from './files';
import { useLoad } from './load';
import { Button, Drawer, When } from './parts';
import { recordEvidence, wantRegisters } from './registers';
import { Blank, Shown } from './states';
import { StatusMark } from './status';
import '../styles/why.css';

export interface Question {
  clause: string;
  title: string;
  agency?: string;
  agencyName?: string;
  device?: string;
  /** Opened to attest: the form stands open. */
  attest?: boolean;
}

function evidenceLink(e: Evidence): string | null {
  const ref = encodeURIComponent(e.ref);
  switch (e.kind) {
    case 'event': return may('read:event') ? `/nhat-ky?event=${ref}` : null;
    case 'alert': return may('read:alert') ? `/canh-bao/${ref}` : null;
    case 'case': return may('read:incident') ? `/su-co/${ref}` : null;
    case 'record': return may('read:record') && !e.ref.startsWith('user/') && /^[a-z_]+\/[^/]+$/.test(e.ref) ? `/so-dang-ky/${e.ref}` : null;
    case 'fact': return may('read:device') && e.ref.includes('/') ? `/thiet-bi/${encodeURIComponent(e.ref.split('/')[0]!)}` : null;
    default: return null;
  }
}

function EvidenceList({ items }: { items: Evidence[] }) {
  const hasRecords = items.some((e) => e.kind === 'record');
  useEffect(() => { if (hasRecords && may('read:record')) wantRegisters(); }, [hasRecords]);
  if (items.length === 0) return <p class="muted">Chưa có chứng cứ nào.</p>;
  return (
    <ul class="evidence" data-testid="evidence">
      {items.map((e, i) => {
        const link = evidenceLink(e);
        const text = inert(e.kind === 'record' ? recordEvidence(e.ref, e.summary) : evidenceText(e.kind, e.ref, e.summary));
        return (
          <li key={`${e.ref}${i}`}>
            <span class="evidence-kind">{evidenceWords[e.kind] ?? e.kind}</span>
            <span>{link ? <a href={link}>{text}</a> : text}
              <span class="muted"> {e.source && `${inert(e.source)}, `}<When at={e.at} seconds /></span></span>
          </li>
        );
      })}
    </ul>
  );
}

/** Nothing needs to change; the same text then only says more about it. */
function isGood(status: Obligation['status']): boolean {
  return ['met', 'attested', 'excepted', 'no_occasion', 'not_applicable'].includes(status);
}

function Verdict({ o }: { o: Obligation }) {
  return (
    <li class="verdict" data-testid="verdict" data-status={o.status}>
      <p class="verdict-head"><StatusMark status={o.status} /> <b>{o.subject.name}</b>{periodText(o.period) && <span class="muted"> {periodText(o.period)}</span>}</p>
      <p>{inert(sentence(o.reason))}</p>
      {o.would_change && (isGood(o.status) ? <p class="muted">{inert(sentence(o.would_change))}</p>
        : <p class="change"><b>Để thay đổi kết luận: </b>{inert(sentence(o.would_change))}</p>)}
      <EvidenceList items={o.evidence} />
      <p class="muted small">Đánh giá lúc <When at={o.evaluated_at} seconds />
        {o.fresh_until && <>, dữ kiện còn giá trị đến <When at={o.fresh_until} /></>}{o.due_at && <>, hạn cuối <span class="num">{dueText(o.due_at)}</span></>}, theo <code title={o.pack}>{o.pack.replace(/@(.{12}).*/, '@$1')}</code></p>
    </li>
  );
}

const kShownVerdicts = 8;  // beyond that a person looks for the worst ones first; they come first

function Verdicts({ items }: { items: Obligation[] }) {
  const [all, setAll] = useState(false);
  const sorted = [...items].sort((a, b) => statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status));
  return (
    <>
      <ul class="verdicts">{(all ? sorted : sorted.slice(0, kShownVerdicts)).map((o) => <Verdict key={`${o.part}${o.subject.id}${o.period}`} o={o} />)}</ul>
      {!all && sorted.length > kShownVerdicts && <Button kind="text" onClick={() => setAll(true)}>Xem cả {sorted.length} kết luận</Button>}
    </>
  );
}

function Attest({ clause, part, agency, open, onDone }: { clause: string; part: string; agency: string; open: boolean; onDone: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => { if (open) field.current?.focus(); }, []);
  const [file, setFile] = useState<Attachment | null>(null);
  const [problem, setProblem] = useState('');
  const inAYear = new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const until = parseTime(dayText(String(data.get('until'))));
    if (!until) return setProblem('Điền ngày hết giá trị dạng 24/07/2026.');
    try {
      await post('/attestations', { body: { clause, part, agency_id: agency, statement: String(data.get('statement')), attachment: file?.sha256 ?? null, valid_until: until } });
      tell('Đã ghi nhận xác nhận.');
      onDone();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <details class="attest" open={open}><summary class="button" data-testid="attest">Xác nhận đã thực hiện</summary>
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Nội dung xác nhận<span class="hint">Ví dụ: đã bố trí phòng máy chủ riêng tại tầng 2, có nội quy ra vào</span>
          <textarea ref={field} name="statement" rows={3} required data-testid="attest-statement" /></label>
        <div class="field"><label for={`until-${part}`}>Có giá trị đến</label><DayInput id={`until-${part}`} name="until" day={inAYear} required testid="attest-until" /></div>
        {file ? <FileList files={[file]} /> : may('create:attachment') && <Uploads agencyId={agency} onStored={setFile} label="Đính kèm văn bản" />}
        <Button kind="main" type="submit" data-testid="attest-send">Ghi xác nhận</Button>
      </form>
    </details>
  );
}

function Part({ c, part, items, agency, attest, onDone }: {
  c: ClauseDetail; part: ClauseDetail['parts'][number]; items: Obligation[]; agency?: string; attest: boolean; onDone: () => void;
}) {
  const rules = c.rules.filter((r) => r.part === part.id && (r.readable.length > 0 || r.source_yaml));
  return (
    <section class="part">
      <h3>{part.title || c.title}</h3>
      <p class="muted small">Căn cứ: {satisfiedByWords[part.satisfied_by] ?? part.satisfied_by}</p>
      {part.satisfied_by === 'pending' && <p class="note-line">Hệ thống chưa có cách kiểm tra nội dung này, nên không bao giờ hiện là đạt.</p>}
      {rules.map((rule, i) => (
        <div class="rule" key={i}><p><b>Đạt khi:</b></p><ul>{rule.readable.map((line) => <li key={line}>{line}</li>)}</ul>
          {rule.source_yaml && <details><summary>Nguyên văn luật</summary><pre>{rule.source_yaml}</pre></details>}</div>
      ))}
      {items.length > 0 ? <Verdicts items={items} /> : part.satisfied_by !== 'pending' && <p class="muted">Chưa có kết luận nào trong phạm vi đang xem.</p>}
      {part.satisfied_by === 'attestation' && agency && may('attest:attestation') && <Attest clause={c.id} part={part.id} agency={agency} open={attest} onDone={onDone} />}
    </section>
  );
}

/** The first part that an agency attests. */
function first(c: ClauseDetail): string | undefined {
  return c.parts.find((part) => part.satisfied_by === 'attestation')?.id;
}

export interface WhyProps {
  question: Question;
  onClose: () => void;
}

export function Why({ question, onClose }: WhyProps) {
  const { clause, agency, device } = question;
  const loaded = useLoad(async (abort) => {
    const [c, list] = await Promise.all([
      get('/clauses/{id}', { path: { id: clause }, query: { agency }, signal: abort }),
      get('/obligations', { query: { clause, agency, device, limit: 200 }, signal: abort }),
    ]);
    return { c, items: list.items };
  }, [clause, agency, device]);
  return (
    <Drawer title={`Vì sao? ${question.title}`} onClose={onClose} testid="evidence-drawer">
      <Shown of={loaded} rows={6}>
        {({ c, items }) => {
          const history = c.history.slice(0, 20);
          return (
            <>
              <section class="clause-text">
                <p class="muted">{c.citation}{question.agencyName && ` · ${question.agencyName}`}</p>
                <p class="prose">{c.duty}</p>
                {c.scope && <p class="muted small">Áp dụng với: {c.scope}</p>}
                <p class="muted small">{c.document}</p>
              </section>
              {c.parts.map((part) => (
                <Part key={part.id} c={c} part={part} agency={agency} attest={question.attest === true && first(c) === part.id} onDone={loaded.reload} items={items.filter((o) => o.part === part.id)} />
              ))}
              {c.parts.length === 0 && <Blank title="Điều khoản này chưa có nội dung kiểm tra" />}
              <section>
                <h3>Lịch sử</h3>
                {history.length === 0 ? <p class="muted">Kết luận chưa thay đổi lần nào.</p> : (
                  <ol class="timeline">{history.map((h, i) => (
                    <li key={`${h.at}${i}`}><When at={h.at} /><span><b>{h.subject}</b>: {statusWords[h.from]} → {statusWords[h.to]}{h.reason && <span class="muted"> {inert(sentence(h.reason))}</span>}</span></li>
                  ))}</ol>
                )}
              </section>
            </>
          );
        }}
      </Shown>
    </Drawer>
  );
}
