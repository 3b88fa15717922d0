// SPDX-License-Identifier: Apache-2.0
// One paper: what the program knows stands there, what nobody knows is asked; how it looks; number, files, signed scan.
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, get, patch, post, problemFrom, upload } from '../api/client';
import type { PageProps } from '../app/pages';
import { changes } from '../app/stream';
import type { PaperDecision, PaperDetail, PaperField } from '../api/types';
import { bytesText, dateText } from '../text/format';
import { dayOf, periodText } from '../text/periods';
import { tell } from '../ui/announce';
import { DayInput } from '../ui/day-input';
import { download } from '../ui/download';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, Drawer, PageHead, When } from '../ui/parts';
import { SchemaForm, type Doc } from '../ui/schema-form';
import { Shown } from '../ui/states';
import { PaperState } from './papers';
import '../styles/papers.css';

type Row = Record<string, string>;
type Value = string | boolean | Row[];
interface Chart { title: string; bars: { label: string; value: number }[] }
type Head = PaperDetail['head'];

/** What stands in the inputs: lists as lines. */
function inputOf(f: PaperField): Value {
  const v = f.value;
  if (f.type === 'flag') return v === true;
  if (f.type === 'chart') return '';  // drawn by the program
  if (f.type === 'rows') return Array.isArray(v) ? (v as Row[]).map((row) => ({ ...row })) : [];
  if (f.type === 'lines') return Array.isArray(v) ? (v as string[]).join('\n') : '';
  return typeof v === 'string' ? v : '';
}

/** What is sent: lines as a list, nothing as null. */
function sentOf(f: PaperField, value: Value): unknown {
  if (f.type === 'lines') {
    const lines = String(value).split('\n').map((s) => s.trim()).filter(Boolean);
    return lines.length > 0 ? lines : null;
  }
  if (f.type === 'rows') return (value as Row[]).length > 0 ? value : null;
  return value === '' ? null : value;
}

function Rows({ f, rows, put }: { f: PaperField; rows: Row[]; put: (rows: Row[]) => void }) {
  const change = (at: number, id: string, text: string): void => put(rows.map((row, i) => (i === at ? { ...row, [id]: text } : row)));
  return (
    <fieldset data-field={f.id}><legend>{f.title}{f.required ? '' : ' (nếu có)'}</legend>
      {rows.map((row, i) => (
        <div class="paper-row" key={i}>
          {f.columns.map((c) => <label key={c.id}>{c.title}<input value={row[c.id] ?? ''} maxLength={2000} onInput={(e) => change(i, c.id, e.currentTarget.value)} /></label>)}
          <Button kind="bare" icon="close" aria-label={`Bỏ dòng ${i + 1} của ${f.title}`} onClick={() => put(rows.filter((_, x) => x !== i))} />
        </div>
      ))}
      <Button icon="plus" onClick={() => put([...rows, {}])}>Thêm dòng</Button>
    </fieldset>
  );
}

function Entry({ f, value, put }: { f: PaperField; value: Value; put: (value: Value) => void }) {
  const label = <>{f.title}{!f.required && <span class="muted"> (nếu có)</span>}{f.source === 'known' && <span class="hint">Chương trình đã điền; sửa nếu chưa đúng</span>}
    {f.type === 'lines' && <span class="hint">Mỗi dòng một mục</span>}</>;
  if (f.type === 'rows') return <Rows f={f} rows={value as Row[]} put={put} />;
  if (f.type === 'flag') return <label class="check" data-field={f.id}><input type="checkbox" checked={value === true} onChange={(e) => put(e.currentTarget.checked)} /> {f.title}</label>;
  if (f.type === 'text') return <label data-field={f.id}>{label}<input value={String(value)} maxLength={4000} onInput={(e) => put(e.currentTarget.value)} /></label>;
  return <label data-field={f.id}>{label}<textarea rows={4} value={String(value)} maxLength={18000} onInput={(e) => put(e.currentTarget.value)} /></label>;
}

/** Required fields that are still empty, as links to them; changes while somebody types. */
function Lacking({ p, values }: { p: PaperDetail; values: Record<string, Value> }) {
  const empty = p.fields.filter((f) => f.required && f.type !== 'chart' && !isFilled(values[f.id]));
  const go = (event: Event, id: string): void => {
    event.preventDefault();
    const place = document.querySelector(`[data-testid=paper-form] [data-field="${id}"]`);
    place?.closest('details')?.setAttribute('open', '');
    place?.querySelector<HTMLElement>('input, textarea, button')?.focus();
  };
  if (empty.length === 0) return <p class="muted" data-testid="paper-lacking" data-count={0}>Mọi mục bắt buộc đã có.</p>;
  return (
    <p class="note-line" data-testid="paper-lacking" data-count={empty.length}>Còn {empty.length} mục bắt buộc để trống: {empty.map((f, i) => (
      <span key={f.id}>{i > 0 && '; '}<a href={`#${f.id}`} onClick={(e) => go(e, f.id)}>{f.title}</a></span>))}.</p>
  );
}

const kPrefixes: [NonNullable<NonNullable<Head['signer']>['prefix']>, string][] = [
  ['none', 'Người đứng đầu tự ký'], ['kt', 'KT. (cấp phó ký thay)'], ['tl', 'TL. (thừa lệnh)'], ['tuq', 'TUQ. (thừa ủy quyền)'], ['tm', 'TM. (thay mặt tập thể)'], ['q', 'Q. (quyền)']];

function HeadForm({ head, put }: { head: Head; put: (head: Head) => void }) {
  const signer = head.signer ?? {};
  const line = (name: 'subject' | 'place' | 'symbol' | 'agency_above' | 'archive', title: string, hint = '') => (
    <label data-field={name}>{title}{hint && <span class="hint">{hint}</span>}<input value={head[name] ?? ''} maxLength={500} onInput={(e) => put({ ...head, [name]: e.currentTarget.value })} /></label>);
  const list = (name: 'addressees' | 'recipients', title: string) => (
    <label data-field={name}>{title}<span class="hint">Mỗi dòng một nơi</span><textarea rows={2} value={(head[name] ?? []).join('\n')} onInput={(e) => put({ ...head, [name]: e.currentTarget.value.split('\n') })} /></label>);
  const who = (name: 'title' | 'name' | 'head' | 'body', title: string) => (
    <label data-field={`signer.${name}`}>{title}<input value={signer[name] ?? ''} maxLength={300} onInput={(e) => put({ ...head, signer: { ...signer, [name]: e.currentTarget.value } })} /></label>);
  return (
    <>
      {line('subject', 'Trích yếu nội dung', 'Không ghi “V/v”, không có dấu chấm ở cuối')}
      {head.kind !== 'bien_ban' && list('addressees', 'Kính gửi')}
      {list('recipients', 'Nơi nhận khác')}
      <label data-field="signer.prefix">Cách ký<select value={signer.prefix ?? 'none'} onChange={(e) => put({ ...head, signer: { ...signer, prefix: e.currentTarget.value as 'none' } })}>
        {kPrefixes.map(([id, word]) => <option key={id} value={id}>{word}</option>)}</select></label>
      {['kt', 'tl', 'tuq'].includes(signer.prefix ?? '') && who('head', 'Chức vụ người đứng đầu')}
      {signer.prefix === 'tm' && who('body', 'Thay mặt')}
      {who('title', 'Chức vụ người ký')}
      {who('name', 'Họ tên người ký')}
      <details><summary>Địa danh, ký hiệu, nơi lưu</summary>
        {line('place', 'Địa danh', 'Ví dụ: Hà Giang')}
        {line('symbol', 'Ký hiệu', 'Ví dụ: BC-SKHCN, của công văn: SKHCN-CNTT')}
        {line('agency_above', 'Cơ quan cấp trên')}
        {line('archive', 'Nơi lưu', 'Ví dụ: VT, CNTT')}
      </details>
    </>
  );
}

/** Another system than the agency's only one, or the one that the case was classified with. */
function SystemChoice({ p, busy, choose }: { p: PaperDetail; busy: boolean; choose: (id: string) => void }) {
  const systems = useLoad((abort) => get('/registers/{kind}', { signal: abort, path: { kind: 'information_system' }, query: { agency: p.agency_id, limit: 200 } }), [p.agency_id]);
  const items = systems.data?.items ?? [];
  if (items.length < 2) return null;
  return (
    <label>Hệ thống thông tin<span class="hint">Chọn thì các mục về hệ thống tự điền</span>
      <select disabled={busy} value={p.system_id ?? ''} onChange={(e) => choose(e.currentTarget.value)} data-testid="paper-system">
        <option value="">Theo hồ sơ</option>
        {items.map((one) => <option key={one.id} value={one.id}>{inert(String(one.doc.name ?? ''))}</option>)}</select></label>
  );
}

/** The periods of this year and the last that have begun, the newest first. */
function periodsUntil(today: string): string[] {
  const year = Number(today.slice(0, 4));
  const parts = [['', '01'], ['-H2', '07'], ['-H1', '01'], ['-Q4', '10'], ['-Q3', '07'], ['-Q2', '04'], ['-Q1', '01']] as const;
  return [year, year - 1].flatMap((y) => parts.filter(([, month]) => `${y}-${month}-01` <= today).map(([part]) => `${y}${part}`));
}

/** Which days the figures are of: a period, or days that somebody chooses. */
function PeriodChoice({ p, busy, choose }: { p: PaperDetail; busy: boolean; choose: (period: string) => void }) {
  const [days, setDays] = useState<string[]>(p.period.includes('/') ? p.period.split('/') : []);
  const offered = periodsUntil(dayOf(dateText(Date.now()))!);
  const own = days.length > 0;
  if (!own && !offered.includes(p.period)) offered.push(p.period);
  const ready = own && days[0] && days[1] && days[0] <= days[1] && days.join('/') !== p.period;
  return (
    <>
      <label>Kỳ số liệu<select disabled={busy} value={own ? 'own' : p.period} data-testid="paper-period" onChange={(e) => {
        const period = e.currentTarget.value;
        setDays(period === 'own' ? ['', ''] : []);
        if (period !== 'own') choose(period);
      }}>
        {offered.map((one) => <option key={one} value={one}>{capital(periodText(one))}</option>)}
        <option value="own">Từ ngày đến ngày…</option></select></label>
      {own && (
        <div class="row-actions">
          <div class="field"><label for="period-first">Từ ngày</label><DayInput id="period-first" day={days[0]} testid="period-first" onDay={(day) => setDays([day, days[1]!])} /></div>
          <div class="field"><label for="period-last">Đến hết ngày</label><DayInput id="period-last" day={days[1]} testid="period-last" onDay={(day) => setDays([days[0]!, day])} /></div>
          <Button disabled={busy || !ready} onClick={() => choose(days.join('/'))} data-testid="period-take">Lấy số liệu</Button>
        </div>
      )}
    </>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const isFilled = (value: unknown): boolean => (typeof value === 'string' ? value.trim() !== '' : Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined);

function Draft({ p, set }: { p: PaperDetail; set: (p: PaperDetail) => void }) {
  const [values, setValues] = useState<Record<string, Value>>(() => Object.fromEntries(p.fields.map((f) => [f.id, inputOf(f)])));
  const [head, setHead] = useState<Head>(p.head);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async (refresh = false, quiet = false, about: { system_id?: string; period?: string } = {}): Promise<void> => {
    setBusy(true);
    const changed = Object.fromEntries(p.fields.filter((f) => JSON.stringify(values[f.id]) !== JSON.stringify(inputOf(f))).map((f) => [f.id, sentOf(f, values[f.id]!)]));
    const { kind: _kind, agency: _agency, number: _number, date: _date, exercise: _exercise, ...mine } = head;
    try {
      const after = await patch('/papers/{id}', { path: { id: p.id }, body: { version: p.version, values: changed, head: mine, ...(refresh ? { refresh: true } : {}), ...about } });
      setProblem('');
      // What was typed while this was on its way stays.
      setValues((typed) => Object.fromEntries(after.fields.map((f) => [f.id, JSON.stringify(typed[f.id]) === JSON.stringify(values[f.id]) ? inputOf(f) : typed[f.id]!])));
      setHead((typed) => (typed === head ? after.head : typed));
      set(after);
      if (!quiet) tell(refresh ? 'Đã lấy lại số liệu mới.' : 'Đã lưu bản nháp.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
    setBusy(false);
  };
  // What the case has learnt since the draft was made is not asked for.
  useEffect(() => { if (p.missing.length > 0) void save(true, true); }, []);
  const open = p.fields.filter((f) => f.source !== 'known' && f.type !== 'chart');
  const known = p.fields.filter((f) => f.source === 'known' && f.type !== 'chart');
  const entry = (f: PaperField) => <Entry key={f.id} f={f} value={values[f.id] ?? ''} put={(value) => setValues((all) => ({ ...all, [f.id]: value }))} />;
  return (
    <section class="panel">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" data-testid="paper-form" onSubmit={(e) => { e.preventDefault(); void save(); }}>
        <h2>Nội dung cần điền</h2>
        <Lacking p={p} values={values} />
        {p.takes_system && <SystemChoice p={p} busy={busy} choose={(id) => void save(true, false, { system_id: id })} />}
        {p.takes_period && <PeriodChoice p={p} busy={busy} choose={(period) => void save(true, false, { period })} />}
        {open.filter((f) => f.required).map(entry)}
        {open.some((f) => !f.required) && <details><summary>Không bắt buộc</summary>{open.filter((f) => !f.required).map(entry)}</details>}
        <h2>Thể thức</h2>
        <HeadForm head={head} put={setHead} />
        {known.length > 0 && <details><summary>Chương trình đã điền {known.length} mục</summary>{known.map(entry)}</details>}
        <p class="row-actions"><Button kind="main" type="submit" disabled={busy} data-testid="paper-save">Lưu bản nháp</Button>
          <Button icon="reopen" disabled={busy} onClick={() => void save(true)}>Lấy lại số liệu</Button></p>
      </form>
    </section>
  );
}

function Read({ p }: { p: PaperDetail }) {
  const text = (f: PaperField): string => (Array.isArray(f.value) ? (f.value as (string | Row)[]).map((x) => (typeof x === 'string' ? x : f.columns.map((c) => x[c.id] ?? '').join(' · '))).join('\n')
    : f.type === 'chart' && f.value ? (f.value as Chart).bars.map((b) => `${b.label}: ${b.value}`).join('\n') : f.value === true ? 'Có' : typeof f.value === 'string' ? f.value : '');
  return (
    <section class="panel"><h2>Nội dung</h2>
      <dl class="paper-read">{p.fields.filter((f) => text(f) !== '').map((f) => <div key={f.id}><dt>{f.title}</dt><dd class="pre" data-raw>{inert(text(f))}</dd></div>)}</dl>
    </section>
  );
}

function Preview({ p }: { p: PaperDetail }) {
  const [pages, setPages] = useState<string[] | null>(null);
  const [state, setState] = useState('');
  useEffect(() => setPages(null), [p.version]);
  const show = async (): Promise<void> => {
    setState('Đang vẽ trang…');
    try {
      setPages((await get('/papers/{id}/preview', { path: { id: p.id } })).pages);
      setState('');
    } catch (cause) {
      setState(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel" aria-labelledby="paper-preview"><h2 id="paper-preview">Xem trước</h2>
      <p><Button icon="search" onClick={() => void show()} data-testid="paper-preview">{pages ? 'Vẽ lại' : 'Xem trang giấy'}</Button></p>
      {state && <p class="muted" role="status">{state}</p>}
      {pages?.map((page, i) => <img key={i} class="paper-page" src={`data:image/png;base64,${page}`} alt={`Trang ${i + 1}`} data-testid="paper-page" />)}
    </section>
  );
}

function Files({ p }: { p: PaperDetail }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState('');
  const take = async (part: string): Promise<void> => {
    setBusy(part);
    try {
      await download(address('/papers/{id}/files/{part}', { id: p.id, part }));
      setProblem('');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
    setBusy('');
  };
  const one = (part: string, word: string) => <Button icon="download" disabled={busy !== ''} onClick={() => void take(part)} data-testid={`paper-${part}`}>{busy === part ? 'Đang tạo…' : word}</Button>;
  return (
    <section class="panel" aria-labelledby="paper-files"><h2 id="paper-files">Tải về</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <p class="row-actions">{one('docx', 'DOCX')}{one('pdf', 'PDF')}{p.fields.some((f) => f.type === 'rows') && one('xlsx', 'Bảng số liệu (XLSX)')}{p.signed && one('signed', 'Bản đã ký')}</p>
      {p.docx_sha256 && <p class="muted small">Mã SHA-256 của bản DOCX: <code class="hash">{p.docx_sha256}</code></p>}
    </section>
  );
}

function Numbering({ p, set }: { p: PaperDetail; set: (p: PaperDetail) => void }) {
  const [own, setOwn] = useState('');
  const [problem, setProblem] = useState('');
  const take = async (): Promise<void> => {
    try {
      const typed = own.trim();
      const after = await post('/papers/{id}/number', { path: { id: p.id }, body: { version: p.version, ...(typed ? { number: Number(typed) } : {}) } });
      set(after);
      tell(`Đã cấp số ${after.number ?? ''}.`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel" aria-labelledby="paper-number"><h2 id="paper-number">Cấp số</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      {p.missing.length > 0 ? <><p>Còn thiếu:</p><ul data-testid="paper-missing">{p.missing.map((m) => <li key={m}>{m}</li>)}</ul></> : (
        <form class="form" onSubmit={(e) => { e.preventDefault(); void take(); }}>
          <p class="muted">Sổ đã cấp đến số {p.last_number ?? 0}. Cấp số xong thì không sửa nội dung được nữa.</p>
          <label>Số do văn thư cấp <span class="muted">(nếu có)</span><span class="hint">Để trống thì chương trình lấy số tiếp theo</span>
            <input inputMode="numeric" pattern="[0-9]*" value={own} onInput={(e) => setOwn(e.currentTarget.value)} data-testid="paper-own-number" /></label>
          <Button kind="main" icon="check" type="submit" data-testid="paper-take-number">Cấp số</Button>
        </form>
      )}
    </section>
  );
}

function Issuing({ p, set }: { p: PaperDetail; set: (p: PaperDetail) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState({ sent: 0, size: 0, problem: '' });
  const [doubted, setDoubted] = useState<File | null>(null);
  const [reason, setReason] = useState('');
  const start = async (file: File, why = ''): Promise<void> => {
    setState({ sent: 0, size: file.size, problem: '' });
    try {
      const after = await upload(address('/papers/{id}/issue', { id: p.id }, { name: file.name, ...(why ? { reason: why } : {}) }), file, { 'Content-Type': file.type || 'application/octet-stream' },
        (sent) => setState((s) => ({ ...s, sent }))).promise as PaperDetail;
      set(after);
      tell(`Đã ban hành ${after.number ?? ''}.`);
    } catch (cause) {
      const problem = problemFrom(cause);
      setState({ sent: 0, size: 0, problem: problem.text });
      setDoubted(problem.text_id === 'paper.copy_other' || problem.text_id === 'paper.copy_unknown' ? file : null);
    }
  };
  return (
    <section class="panel" aria-labelledby="paper-issue"><h2 id="paper-issue">Ban hành</h2>
      {state.problem && <p class="form-problem" role="alert" data-testid="paper-issue-problem">{state.problem}</p>}
      {doubted && (
        <form class="form" onSubmit={(e) => { e.preventDefault(); void start(doubted, reason.trim()); }} data-testid="paper-confirm">
          <label>Lý do xác nhận tệp <span data-raw>{inert(doubted.name)}</span> là văn bản này<span class="hint">Ví dụ: bản quét đã được văn thư ký số. Lý do được lưu cùng văn bản.</span>
            <textarea rows={3} required maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} data-testid="paper-confirm-reason" /></label>
          <Button type="submit" icon="check" disabled={reason.trim() === ''} data-testid="paper-confirm-send">Xác nhận và ban hành</Button>
        </form>
      )}
      <p>Tải DOCX hoặc PDF ở mục Tải về. Bản giấy: in, trình ký, đóng dấu, gửi lại bản quét (PDF hoặc ảnh, ít nhất 200 dpi). Ký số: ký ngay trên tệp đã tải, không sửa gì, gửi lại chính tệp đó.</p>
      <input ref={input} type="file" class="sr-only" tabIndex={-1} accept=".pdf,.png,.jpg,.jpeg,.tif,.tiff,.docx" aria-label="Bản đã ký" data-testid="paper-scan" onChange={(e) => {
        const file = e.currentTarget.files?.[0];
        if (file) void start(file);
        e.currentTarget.value = '';
      }} />
      <p><Button kind="main" icon="upload" onClick={() => input.current?.click()} data-testid="paper-issue-button">Gửi bản đã ký</Button></p>
      {state.size > 0 && <progress max={state.size} value={state.sent} aria-label="Đang gửi bản đã ký" />}
    </section>
  );
}

const kOutcomes = { approved: 'Đồng ý', refused: 'Không đồng ý', returned: 'Trả lại để sửa' };
const kDecisionForm = {
  type: 'object', required: ['outcome', 'decided_by', 'decided_on'],
  properties: {
    outcome: { type: 'string', enum: Object.keys(kOutcomes), title: 'Kết quả', 'x-titles-vi': kOutcomes },
    decided_by: { type: 'string', title: 'Người, cơ quan quyết định', minLength: 1, maxLength: 300 },
    decided_on: { type: 'string', format: 'date', title: 'Ngày quyết định' },
    number: { type: 'string', title: 'Số văn bản quyết định', maxLength: 300 },
    note: { type: 'string', title: 'Ý kiến', 'x-multiline': true, maxLength: 2000 },
  },
};

function Deciding({ p, set }: { p: PaperDetail; set: (p: PaperDetail) => void }) {
  const [problem, setProblem] = useState('');
  return (
    <section class="panel" aria-labelledby="paper-decide"><h2 id="paper-decide">Kết quả xem xét</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <SchemaForm id={`decide-${p.id}`} schema={kDecisionForm} doc={{}} submitLabel="Ghi kết quả" testid="decide-form" onSubmit={async (doc: Doc) => {
        try {
          set(await post('/papers/{id}/decide', { path: { id: p.id }, body: { ...doc, version: p.version } as PaperDecision }));
          tell('Đã ghi kết quả xem xét.');
          return true;
        } catch (cause) {
          setProblem(problemFrom(cause).text);
          return false;
        }
      }} />
    </section>
  );
}

function Cancelling({ p, set, onClose }: { p: PaperDetail; set: (p: PaperDetail) => void; onClose: () => void }) {
  const [problem, setProblem] = useState('');
  const cancel = async (event: Event): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason') ?? '');
    try {
      set(await post('/papers/{id}/cancel', { path: { id: p.id }, body: { version: p.version, reason } }));
      tell('Đã hủy văn bản.');
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Hủy văn bản" onClose={onClose} testid="cancel-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(e) => void cancel(e)}>
        {p.number && <p>Số {p.number} vẫn được giữ, không cấp lại cho văn bản khác.</p>}
        <label>Lý do<textarea name="reason" rows={3} required maxLength={2000} data-testid="cancel-reason" /></label>
        <Button kind="danger" type="submit" data-testid="cancel-send">Hủy văn bản</Button>
      </form>
    </Drawer>
  );
}

export default function PaperPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/papers/{id}', { signal: abort, path: { id } }), [id]);
  const [cancelling, setCancelling] = useState(false);
  const drafting = loaded.data?.state === 'drafted' && loaded.data.may_write;
  // What somebody types must not be replaced by what somebody else saved.
  useChange(changes.record.value, () => { if (!drafting) loaded.reload(); }, 4000);
  return (
    <Shown of={loaded}>
      {(p) => (
        <>
          <p class="crumb"><a href="/giay-to">Giấy tờ</a></p>
          <PageHead title={p.number ? `${p.title} số ${p.number}` : p.title} sub={<><PaperState state={p.state} awaits={p.awaits_decision} /> {inert(p.subject ?? '')}{p.date && `, ngày ${dateText(p.date)}`}</>}>
            {p.may_write && (p.state === 'drafted' || p.state === 'numbered') && <Button icon="cross" onClick={() => setCancelling(true)} data-testid="paper-cancel">Hủy</Button>}
          </PageHead>
          {p.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Văn bản này không phải việc thật; số lấy từ sổ riêng của diễn tập.</p>}
          {p.form && <p class="muted">{p.form}</p>}
          {p.state === 'cancelled' && <p class="note-line">Lý do hủy: {inert(p.cancel_reason ?? '')}</p>}
          {p.decision && <p class="next" data-testid="paper-decision"><Icon name="done" size={16} /><span>{kOutcomes[p.decision.outcome]}: {inert(p.decision.decided_by)}, ngày {dateText(p.decision.decided_on)}{p.decision.number && <>, văn bản {inert(p.decision.number)}</>}{p.decision.note && <>. {inert(p.decision.note)}</>}</span></p>}
          {p.signed && <p class="next" data-testid="paper-signed-note"><Icon name="done" size={16} /><span>{p.signed.how === 'signature' ? 'Tệp ký số hợp lệ' : 'Bản quét đã ký'} <span data-raw>{inert(p.signed.name)}</span> ({bytesText(p.signed.size_bytes)}) do {inert(p.signed.by_name)} gửi, <When at={p.signed.at} />{p.signed.signature?.signer && <>. Người ký: <span data-testid="paper-signer" data-raw>{inert(p.signed.signature.signer)}</span>{p.signed.signature.issuer && <>, chứng thư do <span data-raw>{inert(p.signed.signature.issuer)}</span> cấp</>}. {inert(p.signed.signature.remarks ?? '')}</>}{p.signed.seen && <>{!p.signed.signature?.remarks && '.'} <span data-testid="paper-seen">{inert(p.signed.seen)}</span></>}{p.signed.confirmed && <> Lý do {inert(p.signed.by_name)} xác nhận: {inert(p.signed.confirmed)}</>}</span></p>}
          <div class="split">
            <div>{drafting ? <Draft key={p.id} p={p} set={loaded.set} /> : <Read p={p} />}<Preview p={p} /></div>
            <aside>
              {drafting && <Numbering p={p} set={loaded.set} />}
              {p.state === 'numbered' && p.may_write && <Issuing p={p} set={loaded.set} />}
              {p.state === 'issued' && p.awaits_decision && p.may_write && <Deciding p={p} set={loaded.set} />}
              <Files p={p} />
              {p.case_id && <p><a href={`/su-co/${encodeURIComponent(p.case_id)}`}>Trang của sự cố</a></p>}
            </aside>
          </div>
          {cancelling && <Cancelling p={p} set={loaded.set} onClose={() => setCancelling(false)} />}
        </>
      )}
    </Shown>
  );
}
