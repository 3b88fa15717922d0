// SPDX-License-Identifier: Apache-2.0
// How severe an incident is, by the pack's table: answers on the left, what follows from them at once, with reasons and source.
import { useEffect, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { Case, Classification, ClassificationTable } from '../api/types';
import { inert } from './inert';
import { useLoad } from './load';
import { Button, Drawer, When } from './parts';
import { Shown } from './states';
import { Icon } from './icon';
import { tell } from './announce';

type Answers = Record<string, unknown>;

export function ClassificationPanel({ c, onOpen }: { c: Case; onOpen?: (() => void) | undefined }) {
  const k = c.classification;
  if (!k && !onOpen) return null;
  return (
    <section class="panel" aria-labelledby="case-class">
      <h2 id="case-class">Mức độ</h2>
      {k ? (
        <div data-testid="classification" data-outcome={k.outcome}>
          <p><b>{k.outcome_title}</b></p>
          {k.override_reason ? <p>Bảng phân loại: {k.proposed_title ?? 'chưa đủ câu trả lời'}. Lý do chọn khác: {inert(k.override_reason)}</p> : <Lines of={k} />}
          {k.systems.length > 0 && <p class="muted">{k.systems.map((s) => `${s.name}${s.level ? ` (cấp độ ${s.level})` : ''}`).join(', ')}</p>}
          <p class="muted">{inert(k.by ?? '')}, <When at={k.at} /></p>
        </div>
      ) : <p class="muted">Chưa phân loại theo bảng của văn bản. Thời hạn của sự cố nghiêm trọng vẫn chạy.</p>}
      {onOpen && <Button onClick={onOpen} data-testid="classify">{k ? 'Phân loại lại' : 'Phân loại'}</Button>}
    </section>
  );
}

function Lines({ of }: { of: Classification }) {
  return (
    <>
      <ul class="list">
        {of.lines.map((line) => (
          <li key={line.text}><Icon name={line.holds === null ? 'empty' : line.holds ? 'done' : 'close'} size={16} /> {line.text}: {line.holds === null ? 'chưa trả lời' : line.holds ? 'có' : 'không'}</li>
        ))}
      </ul>
      {of.source && <p class="muted">{of.source}</p>}
    </>
  );
}

function Form({ c, table, onDone }: { c: Case; table: ClassificationTable; onDone: (after: Case) => void }) {
  const known = c.classification;
  const systems = useLoad((abort) => (table.register ? get('/registers/{kind}', { path: { kind: table.register }, signal: abort, query: { agency: c.agency_id, limit: 200 } }) : Promise.resolve(null)), [c.id]);
  const [chosen, setChosen] = useState<string[]>(known?.systems.map((s) => s.id) ?? []);
  const [answers, setAnswers] = useState<Answers>(known?.answers ?? {});
  const [category, setCategory] = useState(known?.category ?? '');
  const [outcome, setOutcome] = useState('');
  const [reason, setReason] = useState('');
  const [said, setSaid] = useState<Classification | null>(null);
  const [problem, setProblem] = useState('');
  const path = { id: c.id };
  const body = { system_ids: chosen, answers, ...(category ? { category } : {}) };
  useEffect(() => {
    let stale = false;
    post('/incidents/{id}/classification', { path, body: { ...body, dry_run: true } }).then(
      (got) => { if (!stale) { setSaid(got as Classification); setProblem(''); } },
      (cause) => { if (!stale) setProblem(problemFrom(cause).text); });
    return () => { stale = true; };
  }, [JSON.stringify(body)]);
  const answer = (id: string, value: unknown): void => setAnswers((all) => {
    const next = { ...all };
    if (value === undefined) delete next[id];
    else next[id] = value;
    return next;
  });
  const other = outcome !== '' && outcome !== said?.proposed;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      onDone(await post('/incidents/{id}/classification', { path, body: { ...body, ...(outcome ? { outcome } : {}), ...(other ? { reason } : {}) } }) as Case);
      tell('Đã phân loại sự cố.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  const fromSystems = chosen.length > 0 && (said?.systems ?? []).some((s) => s.level);
  return (
    <form class="form" onSubmit={(e) => void send(e)} data-testid="classify-form">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      {(systems.data?.items.length ?? 0) > 0 && <fieldset><legend>Hệ thống bị ảnh hưởng</legend>
        {systems.data!.items.map((s) => <label class="check" key={s.id}><input type="checkbox" checked={chosen.includes(s.id)} data-testid="classify-system"
          onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, s.id] : chosen.filter((id) => id !== s.id))} /> {inert(String(s.doc.name ?? s.id))} {s.doc.level ? <span class="muted">cấp độ {String(s.doc.level)}</span> : null}</label>)}</fieldset>}
      {table.questions.map((q) => q.kind === 'number' ? (
        q.id === table.answers && fromSystems ? null : <label key={q.id}>{q.title}<select value={String(answers[q.id] ?? '')} data-testid={`answer-${q.id}`} onChange={(e) => answer(q.id, e.currentTarget.value === '' ? undefined : Number(e.currentTarget.value))}>
          <option value="">Chưa rõ</option>{Array.from({ length: q.max - q.min + 1 }, (_, i) => <option key={i} value={q.min + i}>{q.min + i}</option>)}</select></label>
      ) : q.kind === 'yes_no' ? (
        <label key={q.id}>{q.title}<select value={answers[q.id] === undefined ? '' : answers[q.id] ? 'yes' : 'no'} data-testid={`answer-${q.id}`} onChange={(e) => answer(q.id, e.currentTarget.value === '' ? undefined : e.currentTarget.value === 'yes')}>
          <option value="">Chưa rõ</option><option value="yes">Có</option><option value="no">Không</option></select></label>
      ) : (
        <fieldset key={q.id}><legend>{q.title}</legend>
          {q.choices.map((one) => <label class="check" key={one.id}><input type="checkbox" checked={((answers[q.id] as string[] | undefined) ?? []).includes(one.id)} data-testid={`answer-${q.id}-${one.id}`}
            onChange={(e) => { const list = (answers[q.id] as string[] | undefined) ?? []; answer(q.id, e.currentTarget.checked ? [...list, one.id] : list.filter((id) => id !== one.id)); }} /> {one.title}</label>)}
          <label class="check"><input type="checkbox" checked={Array.isArray(answers[q.id]) && (answers[q.id] as string[]).length === 0} data-testid={`answer-${q.id}-none`} onChange={(e) => answer(q.id, e.currentTarget.checked ? [] : undefined)} /> Không có hậu quả nào nêu trên</label></fieldset>
      ))}
      {said && (
        <div class="note-line" aria-live="polite" data-testid="said" data-proposed={said.proposed ?? ''}>
          <p><b>{said.proposed_title ?? 'Chưa đủ câu trả lời để kết luận'}</b></p>
          <Lines of={said} />
        </div>
      )}
      <label>Loại theo mẫu báo cáo quốc gia<select value={category || (said?.category ?? '')} onChange={(e) => setCategory(e.currentTarget.value)} data-testid="classify-category">
        <option value="">Chưa chọn</option>{table.categories.map((one) => <option key={one.id} value={one.id}>{one.title}</option>)}</select></label>
      <label>Kết luận<select value={outcome} onChange={(e) => setOutcome(e.currentTarget.value)} data-testid="classify-outcome">
        <option value="">Theo bảng phân loại</option>{table.outcomes.map((one) => <option key={one.id} value={one.id}>{one.title}</option>)}</select></label>
      {other && <label>Lý do chọn khác bảng phân loại<textarea rows={3} required maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} data-testid="classify-reason" /></label>}
      <Button kind="main" type="submit" disabled={!outcome && !said?.proposed} data-testid="classify-send">Ghi vào hồ sơ</Button>
    </form>
  );
}

export function Classifying({ c, onClose, onDone }: { c: Case; onClose: () => void; onDone: (after: Case) => void }) {
  const table = useLoad((abort) => get('/classification', { signal: abort }), []);
  return (
    <Drawer title="Phân loại sự cố" onClose={onClose} testid="classify-drawer">
      <Shown of={table}>{(found) => <Form c={c} table={found} onDone={onDone} />}</Shown>
    </Drawer>
  );
}
