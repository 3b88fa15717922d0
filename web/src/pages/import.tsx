// SPDX-License-Identifier: Apache-2.0
// Nhập từ tệp: choose a file, look at what would come of it, write it, see what was written. Nothing is written before the last
// button; a file can be corrected and chosen again as often as needed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, problemFrom, upload } from '../api/client';
import type { ImportReport, Problem, Register } from '../api/types';
import { bytesText, numberText } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { tell } from '../ui/announce';
import { download } from '../ui/download';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { Button, PageHead } from '../ui/parts';
import '../styles/import.css';

export interface ImportProps { register: Register }

type Encoding = ImportReport['encoding']['name'];
const kEncodings: Record<Encoding, string> = {
  unknown: 'chưa rõ', utf8: 'Unicode dựng sẵn (UTF-8)', utf8_nfd: 'Unicode tổ hợp', utf16_le: 'Unicode (UTF-16)', utf16_be: 'Unicode (UTF-16 đảo byte)',
  tcvn3: 'TCVN3 (phông .VnTime)', tcvn3_upper: 'TCVN3 chữ hoa (phông .VnTimeH)', vni_windows: 'VNI (phông VNI-Times)', viqr: 'VIQR (Vie^.t Nam)',
  windows_1258: 'Windows-1258',
};
const kShownMax = 100;  // mistakes and repeated rows on the screen; the file holds them all

interface Choice { file: File; agency: string; sheet: string; encoding: string }

function Steps({ at }: { at: 1 | 2 | 3 }) {
  const titles = ['Chọn tệp', 'Xem trước', 'Kết quả'];
  return (
    <ol class="import-steps" aria-label="Các bước nhập">
      {titles.map((title, i) => <li key={title} aria-current={i + 1 === at ? 'step' : undefined} class={i + 1 < at ? 'past' : ''}><span class="num">{i + 1}</span> {title}</li>)}
    </ol>
  );
}

function Choosing({ register, agency, sending, onAgency, onFile }: {
  register: Register; agency: string; sending: number | null; onAgency: (id: string) => void; onFile: (file: File) => void;
}) {
  const [problem, setProblem] = useState('');
  const form = async (): Promise<void> => {
    try {
      await download(address('/registers/{kind}/template', { kind: register.kind }));
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel prose">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <p>Nhận bảng Excel (.xlsx) và tệp .csv, kể cả gõ bằng phông cũ (TCVN3, VNI, VIQR) hay Unicode tổ hợp. Dòng tiêu đề gộp ở trên, dòng đánh số cột và dòng tổng cộng được bỏ qua.
        Ngày ghi dạng 05/03/2026; số 0 ở đầu được giữ.</p>
      <div class="form"><AgencySelect value={agency} all="Theo cột Cơ quan trong tệp" label="Bản ghi của" onChange={onAgency} /></div>
      <div class="import-acts"><label class="button main choose" data-testid="choose-file"><Icon name="upload" size={16} />Chọn tệp
        <input type="file" class="sr-only" accept=".xlsx,.csv,.txt" data-testid="import-file" disabled={sending !== null}
               onChange={(e) => { const file = e.currentTarget.files?.[0]; if (file) onFile(file); e.currentTarget.value = ''; }} />
      </label>
        <Button icon="download" onClick={() => void form()}>Tải mẫu trống</Button></div>
      {sending !== null && <p role="status">Đang gửi và đọc tệp… <progress max={1} value={sending} aria-label="Đang gửi tệp" /></p>}
    </section>
  );
}

function EncodingPanel({ seen, choice, onChange }: { seen: ImportReport; choice: Choice; onChange: (more: Partial<Choice>) => void }) {
  const { encoding } = seen;
  return (
    <section class="panel">
      <h2>Bảng mã và trang tính</h2>
      <div class="filters-row">
        <label class="inline">Bảng mã
          <select value={choice.encoding} data-testid="encoding" onChange={(e) => onChange({ encoding: e.currentTarget.value })}>
            <option value="">Tự nhận: {kEncodings[encoding.name]}</option>
            {(Object.keys(kEncodings) as Encoding[]).filter((e) => e !== 'unknown').map((e) => <option key={e} value={e}>{kEncodings[e]}</option>)}
          </select>
        </label>
        {seen.sheets.length > 1 && (
          <label class="inline">Trang tính
            <select value={choice.sheet || seen.sheet} onChange={(e) => onChange({ sheet: e.currentTarget.value })}>
              {seen.sheets.map((s) => <option key={s} value={s}>{s}</option>)}
            </select>
          </label>
        )}
      </div>
      <p class="muted">{encoding.reasons.join(' ')}{encoding.converted_cells > 0 && ` Đã chuyển ${numberText(encoding.converted_cells)} ô.`}
        {encoding.undecodable > 0 && <b> Có {numberText(encoding.undecodable)} ký tự không chuyển được; thử chọn bảng mã khác.</b>}</p>
      {encoding.samples.length > 0 && (
        <table class="cards" data-testid="samples">
          <caption class="sr-only">Chữ trước và sau khi chuyển</caption>
          <thead><tr><th>Dòng</th><th>Trong tệp</th><th>Sau khi chuyển</th></tr></thead>
          <tbody>{encoding.samples.map((s) => (
            <tr key={`${s.row}/${s.column}`}><td data-label="Dòng" class="num">{s.row}</td><td data-label="Trong tệp" data-raw>{inert(s.before) || <span class="muted">(không có)</span>}</td><td data-label="Sau khi chuyển" data-raw>{inert(s.after)}</td></tr>
          ))}</tbody>
        </table>
      )}
    </section>
  );
}

function Columns({ seen }: { seen: ImportReport }) {
  const renamed = seen.columns.filter((c) => c.title !== c.field && c.title !== `${c.field} (*)`);
  return (
    <section class="panel">
      <h2>Các cột</h2>
      <p>Lấy {seen.columns.length} cột, tiêu đề ở dòng {seen.header_row}{seen.sheet && <> của trang “{inert(seen.sheet)}”</>}.</p>
      {renamed.length > 0 && <p>Hiểu là: {renamed.map((c) => `“${c.title}” là ${c.field}`).join('; ')}.</p>}
      {seen.unknown_columns.length > 0 && <p class="warn-text" data-testid="unknown-columns"><Icon name="late" size={16} /> Không lấy: {inert(seen.unknown_columns.join(', '))}. Sổ không có cột này.</p>}
      {seen.absent_columns.length > 0 && <p class="muted">Tệp không có: {seen.absent_columns.join(', ')}.</p>}
    </section>
  );
}

function Mistakes({ seen }: { seen: ImportReport }) {
  if (seen.errors_total === 0) return null;
  return (
    <section class="panel">
      <h2>Chỗ sai ({numberText(seen.errors_total)})</h2>
      <table class="cards" data-testid="import-errors">
        <thead><tr><th>Dòng</th><th>Cột</th><th class="grow">Sai thế nào</th></tr></thead>
        <tbody>{seen.errors.slice(0, kShownMax).map((e, i) => (
          <tr key={i} data-row tabIndex={-1}><td data-label="Dòng" class="num">{e.row}</td><td data-label="Cột">{e.column || 'cả dòng'}</td><td data-label="Sai thế nào" data-raw>{inert(e.text)}</td></tr>
        ))}</tbody>
      </table>
      {seen.errors_total > kShownMax && <p class="muted">Còn {numberText(seen.errors_total - kShownMax)} chỗ sai nữa; sửa các chỗ trên rồi chọn lại tệp.</p>}
    </section>
  );
}

function Present({ register, seen }: { register: Register; seen: ImportReport }) {
  if (seen.counts.present === 0) return null;
  return (
    <details class="panel" open={seen.present.some((p) => p.differs)}>
      <summary><h2>Đã có trong sổ ({numberText(seen.counts.present)})</h2></summary>
      <p class="muted">Các dòng này không ghi thêm lần nữa; bản ghi đang có giữ nguyên.</p>
      <ul class="list" data-testid="import-present">{seen.present.slice(0, kShownMax).map((p) => (
        <li key={p.row}>Dòng {p.row}: {p.id ? <a href={`/so-dang-ky/${register.kind}/${encodeURIComponent(p.id)}`}>xem bản ghi đang có</a> : `trùng dòng ${p.same_as_row}`}
          {p.differs && <b>, nội dung khác với tệp</b>}</li>
      ))}</ul>
      {seen.counts.present > kShownMax && <p class="muted">và {numberText(seen.counts.present - kShownMax)} dòng nữa.</p>}
    </details>
  );
}

function FirstRows({ register, seen }: { register: Register; seen: ImportReport }) {
  if (seen.rows.length === 0) return null;
  return (
    <section class="panel">
      <h2>{seen.dry_run ? 'Các dòng đầu sẽ ghi như sau' : 'Các dòng đầu'}</h2>
      <div class="wide"><table class="cards" data-testid="import-rows">
        <thead><tr><th>Dòng</th>{seen.shown_columns.map((c) => <th key={c}>{c}</th>)}<th>Cơ quan</th>{register.states.length > 0 && <th>Trạng thái</th>}</tr></thead>
        <tbody>{seen.rows.map((r) => (
          <tr key={r.row} data-row tabIndex={-1}><td data-label="Dòng" class="num">{r.row}{r.present && <span class="muted"> đã có</span>}</td>
            {r.cells.map((cell, i) => <td key={i} data-label={seen.shown_columns[i]} data-raw>{inert(cell)}</td>)}
            <td data-label="Cơ quan">{r.agency_name}</td>{register.states.length > 0 && <td data-label="Trạng thái">{r.state}</td>}</tr>
        ))}</tbody>
      </table></div>
    </section>
  );
}

export default function ImportPage({ register }: ImportProps) {
  const [choice, setChoice] = useState<Choice | null>(null);
  const [agency, setAgency] = useState('');
  const [seen, setSeen] = useState<ImportReport | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState<number | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const running = useRef<(() => void) | null>(null);
  useEffect(() => () => running.current?.(), []);
  const back = `/so-dang-ky/${register.kind}`;

  const ask = async (wish: Choice, write: boolean, rows: 'all' | 'good' = 'all'): Promise<void> => {
    running.current?.();
    setChoice(wish);
    setProblem(null);
    setSending(0);
    const query = { name: wish.file.name, dry_run: String(!write), rows, agency: wish.agency, sheet: wish.sheet, encoding: wish.encoding };
    const call = upload(address('/registers/{kind}/import', { kind: register.kind }, query), wish.file, { 'Content-Type': 'application/octet-stream' },
                        (sent, total) => setSending(total > 0 ? sent / total : 0));
    running.current = call.abort;
    try {
      const report = (await call.promise) as ImportReport;
      setSeen(report);
      tell(write ? `Đã nhập ${numberText(report.written)} bản ghi.` : `${numberText(report.counts.good)} dòng nhập được, ${numberText(report.counts.wrong)} dòng sai.`);
      heading.current?.focus();
    } catch (cause) {
      if (cause instanceof DOMException) return;
      setProblem(problemFrom(cause));
      if (!write) setSeen(null);
    }
    setSending(null);
  };
  const again = (): void => { setSeen(null); setChoice(null); setProblem(null); };
  const { good = 0, wrong = 0, present = 0, rows = 0, skipped = 0 } = seen?.counts ?? {};
  const step = seen === null ? 1 : seen.dry_run ? 2 : 3;
  const choices = choice !== null && seen === null && problem !== null;  // it could not be read: another encoding may help
  // What was converted is looked at first; a plain file needs no questions.
  const converted = seen !== null && (seen.encoding.converted_cells > 0 || seen.encoding.undecodable > 0);
  const encodings = seen && choice && <EncodingPanel seen={seen} choice={choice} onChange={(more) => void ask({ ...choice, ...more }, false)} />;
  return (
    <>
      <p class="crumb"><a href="/so-dang-ky">Sổ đăng ký</a> / <a href={back}>{register.title}</a></p>
      <PageHead title="Nhập từ tệp" sub={register.title} />
      <Steps at={step} />
      {problem && <p class="form-problem" role="alert" data-testid="import-problem">{problem.text}</p>}
      {step === 1 && <Choosing register={register} agency={agency} sending={sending} onAgency={setAgency} onFile={(file) => void ask({ file, agency, sheet: '', encoding: '' }, false)} />}
      {choices && (
        <section class="panel"><label class="inline">Đọc lại “{choice.file.name}” theo bảng mã
          <select value={choice.encoding} onChange={(e) => void ask({ ...choice, encoding: e.currentTarget.value }, false)}>
            <option value="">Tự nhận</option>
            {(Object.keys(kEncodings) as Encoding[]).filter((e) => e !== 'unknown').map((e) => <option key={e} value={e}>{kEncodings[e]}</option>)}
          </select></label></section>
      )}
      {seen && choice && (
        <>
          <section class="panel import-sum" data-testid="import-sum">
            <h2 ref={heading} tabIndex={-1}>{seen.dry_run ? `${numberText(good)} dòng sẽ thành bản ghi mới` : `Đã nhập ${numberText(seen.written)} bản ghi`}</h2>
            <p><b data-raw>{inert(seen.file.name)}</b> <span class="muted num">{bytesText(seen.file.size_bytes)}</span>: {numberText(rows)} dòng, {numberText(present)} đã có trong sổ, {numberText(wrong)} sai
              {skipped > 0 && `, bỏ qua ${numberText(skipped)} dòng tổng cộng`}.</p>
            {seen.dry_run && wrong > 0 && <p class="warn-text"><Icon name="late" size={16} /> Còn dòng sai nên chưa nhập. Sửa trong tệp rồi chọn lại, hoặc chỉ nhập các dòng đúng.</p>}
            <div class="import-acts">
              {seen.dry_run && good > 0 && wrong === 0 && <Button kind="main" icon="check" disabled={sending !== null} onClick={() => void ask(choice, true)} data-testid="import-write">Nhập {numberText(good)} bản ghi</Button>}
              {seen.dry_run && good > 0 && wrong > 0 && <Button disabled={sending !== null} onClick={() => void ask(choice, true, 'good')} data-testid="import-good">Chỉ nhập {numberText(good)} dòng đúng</Button>}
              {!seen.dry_run && <a class="button main" href={back} data-testid="import-done">Mở sổ</a>}
              <Button icon="reopen" disabled={sending !== null} onClick={again} data-testid="import-again">{seen.dry_run ? 'Chọn tệp khác' : 'Nhập tệp khác'}</Button>
            </div>
            {sending !== null && <p role="status">{seen.dry_run ? 'Đang ghi…' : 'Đang đọc…'} <progress max={1} value={sending} aria-label="Đang gửi tệp" /></p>}
            {!seen.dry_run && <p class="muted">Mỗi bản ghi giữ trong lịch sử tên tệp, số dòng và dấu vân tay của tệp: <code class="hash">{seen.file.sha256}</code></p>}
          </section>
          {seen.dry_run && converted && encodings}
          <Mistakes seen={seen} />
          <Present register={register} seen={seen} />
          <FirstRows register={register} seen={seen} />
          {seen.dry_run && <Columns seen={seen} />}
          {seen.dry_run && !converted && encodings}
        </>
      )}
    </>
  );
}
