// SPDX-License-Identifier: Apache-2.0
// Taking evidence in: a file with progress, rows of the journal, or something that stays outside and is known by its digest.
import { useRef, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { EvidenceDetail } from '../api/types';
import { bytesText, parseTime, timeText } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { tell } from '../ui/announce';
import { sendInParts, type Sending } from '../ui/custody';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, Drawer } from '../ui/parts';

export interface IntakeProps {
  caseId: string;
  onClose: () => void;
  onTaken: (item: EvidenceDetail) => void;
}
const kWays = [['file', 'Tệp trên máy này'], ['journal', 'Trích nhật ký'], ['outside', 'Giữ bên ngoài, theo mã băm']] as const;

export default function Intake({ caseId, onClose, onTaken }: IntakeProps) {
  const [way, setWay] = useState<(typeof kWays)[number][0]>('file');
  const [problem, setProblem] = useState('');
  const [sent, setSent] = useState<{ done: number; size: number } | null>(null);
  const [chosen, setChosen] = useState(caseId);
  const [agency, setAgency] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const sending = useRef<Sending | null>(null);
  const cases = useLoad((abort) => caseId ? Promise.resolve(null) : get('/incidents', { query: { status: 'open', limit: 200 }, signal: abort }), []);
  const close = (): void => { sending.current?.abort(); onClose(); };
  const take = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const time = (name: string): string | undefined => parseTime(text(name)) ?? undefined;
    const about = {
      ...(chosen ? { case_id: chosen } : agency ? { agency_id: agency } : {}), label: text('label'), source: text('source'),
      ...(text('taken_by') ? { taken_by: text('taken_by') } : {}), ...(time('taken_at') ? { taken_at: time('taken_at')! } : {}),
      ...(text('method') ? { method: text('method') } : {}), ...(text('note') ? { note: text('note') } : {}),
    };
    setProblem('');
    try {
      let item: EvidenceDetail;
      if (way === 'file') {
        if (!file || file.size === 0) return setProblem('Chọn một tệp không rỗng.');
        setSent({ done: 0, size: file.size });
        sending.current = sendInParts(file, about, (done) => setSent({ done, size: file.size }));
        item = await sending.current.promise;
      } else if (way === 'journal') {
        if (!time('from') || !time('to')) return setProblem('Ghi khoảng thời gian: hh:mm dd/mm/yyyy.');
        setSent({ done: 0, size: 0 });
        item = await post('/evidence/journal', { body: { ...about, q: text('q'), from: time('from')!, to: time('to')! } });
      } else {
        item = await post('/evidence', { body: { ...about, sha256: text('sha256').toLowerCase(), kept_at: text('kept_at'), custodian: text('custodian') } });
      }
      tell(`Đã ghi nhận chứng cứ ${item.number}.`);
      onTaken(item);
    } catch (cause) {
      setSent(null);
      if (!(cause instanceof DOMException)) setProblem(problemFrom(cause).text);
    }
  };
  const now = timeText(Date.now());
  return (
    <Drawer title="Nhận chứng cứ" onClose={close} testid="intake-drawer">
      {problem && <p class="form-problem" role="alert" data-testid="intake-problem">{problem}</p>}
      <form class="form" onSubmit={(e) => void take(e)}>
        <fieldset disabled={sent !== null}><legend>Nhận gì</legend>
          {kWays.map(([id, word]) => <label class="check" key={id}><input type="radio" name="way" checked={way === id} onChange={() => setWay(id)} data-testid={`way-${id}`} /> {word}</label>)}
        </fieldset>
        {way === 'file' && (
          <div class="field"><label for="intake-file">Tệp</label><span class="hint">Tối đa 512 MiB. Tài liệu có dấu độ mật bị từ chối. Ảnh đĩa, bộ nhớ: ghi nhận là giữ bên ngoài.</span>
            <input ref={input} type="file" class="sr-only" tabIndex={-1} id="intake-file" data-testid="intake-file" onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)} />
            <span><Button icon="upload" disabled={sent !== null} onClick={() => input.current?.click()}>Chọn tệp</Button> {file ? <><span data-raw>{inert(file.name)}</span> <span class="muted num">{bytesText(file.size)}</span></> : <span class="muted">chưa chọn</span>}</span></div>
        )}
        {way === 'journal' && (
          <>
            <label>Câu tìm<span class="hint">Như ở trang Nhật ký; để trống thì lấy mọi dòng trong khoảng</span><input name="q" maxLength={4096} data-testid="intake-q" /></label>
            <label>Từ lúc<span class="hint">hh:mm dd/mm/yyyy</span><input name="from" required defaultValue={timeText(Date.now() - 86_400_000)} data-testid="intake-from" /></label>
            <label>Đến lúc<input name="to" required defaultValue={now} data-testid="intake-to" /></label>
          </>
        )}
        {way === 'outside' && (
          <>
            <label>Mã SHA-256<span class="hint">64 chữ số và chữ cái a đến f, tính bằng công cụ tạo ảnh đĩa</span><input name="sha256" required pattern="[0-9a-fA-F]{64}" autocomplete="off" data-testid="intake-sha256" /></label>
            <label>Nơi cất<input name="kept_at" required maxLength={300} data-testid="intake-kept" /></label>
            <label>Người giữ<input name="custodian" required maxLength={300} data-testid="intake-custodian" /></label>
          </>
        )}
        <label>Mô tả<span class="hint">Ví dụ: nhật ký truy cập máy chủ web</span><input name="label" required maxLength={300} data-testid="intake-label" /></label>
        <label>Thu từ<span class="hint">Máy, phòng, người giao</span><input name="source" required maxLength={300} data-testid="intake-source" /></label>
        {!caseId && (
          <label>Vụ việc<select value={chosen} onChange={(e) => setChosen(e.currentTarget.value)} data-testid="intake-case">
            <option value="">Không thuộc vụ việc nào</option>
            {cases.data?.items.map((c) => <option key={c.id} value={c.id}>{inert(c.title)} ({c.agency_name})</option>)}
          </select></label>
        )}
        {!chosen && <AgencySelect value={agency} all="Cơ quan của tôi" onChange={setAgency} />}
        <details><summary>Thêm chi tiết</summary>
          <label>Người thu<span class="hint">Để trống thì là người đang đăng nhập</span><input name="taken_by" maxLength={300} /></label>
          <label>Thu lúc<span class="hint">hh:mm dd/mm/yyyy; để trống thì là bây giờ</span><input name="taken_at" /></label>
          <label>Cách thu, công cụ<input name="method" maxLength={300} /></label>
          <label>Ghi chú<textarea name="note" rows={2} maxLength={2000} /></label>
        </details>
        {sent && (
          <p role="status" data-testid="intake-progress">{sent.size > 0
            ? <><progress max={sent.size} value={sent.done} aria-label="Đang gửi tệp" /> <span class="num">{bytesText(sent.done)} / {bytesText(sent.size)}</span>{sent.done >= sent.size && ' Đang kiểm tra và tính mã băm…'}</>
            : 'Đang lấy các dòng nhật ký…'}</p>
        )}
        <Button kind="main" type="submit" disabled={sent !== null} data-testid="intake-send">{sent ? 'Đang nhận…' : 'Nhận chứng cứ'}</Button>
      </form>
    </Drawer>
  );
}
