// SPDX-License-Identifier: Apache-2.0
// Cài đặt của tỉnh: what the texts leave open, who holds which role, when people are reminded.
import { useState } from 'preact/hooks';
import { get, patch, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import type { ProvinceParameter, ProvinceSettings } from '../api/types';
import { dateText, fold, numberText, timeText } from '../text/format';
import { roleWords } from '../text/words';
import { AgencySelect } from '../ui/agencies';
import { tell } from '../ui/announce';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useLoad, type Loaded } from '../ui/load';
import { Button, Chip, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import '../styles/province.css';

const itemWords: Record<string, string> = { ...roleWords, lower: 'chữ thường', upper: 'chữ hoa', digit: 'chữ số', special: 'ký tự đặc biệt', shutdown: 'tắt máy', disconnect: 'ngắt mạng', suspend: 'ngủ' };
const periodWords: Record<string, string> = { P1W: 'mỗi tuần', P1M: 'mỗi tháng', P3M: 'mỗi quý', P6M: 'nửa năm', P1Y: 'mỗi năm' };
const units: Record<string, string> = { m: 'phút', h: 'giờ', d: 'ngày theo lịch', wd: 'ngày làm việc' };

function valueWords(p: ProvinceParameter, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'có' : 'không';
  if (typeof value === 'number') return `${numberText(value)} ${p.unit}`.trim();
  if (Array.isArray(value)) return value.map((x) => itemWords[String(x)] ?? String(x)).join(', ');
  const text = String(value);
  const term = /^(\d+)(m|h|d|wd)$/.exec(text);
  return term ? `${term[1]} ${units[term[2]!]}` : periodWords[text] ?? text;
}

/** Values that stand as they are, such as addresses, are data. */
function Value({ p, value }: { p: ProvinceParameter; value: unknown }) {
  const raw = Array.isArray(value) && !value.some((x) => String(x) in itemWords);
  return <span data-raw={raw ? true : undefined}>{valueWords(p, value)}</span>;
}

/** "5wd" as a number and a word. */
function TermInput({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [, count = '', unit = 'd'] = /^(\d*)(m|h|d|wd)$/.exec(value) ?? [];
  return (
    <span class="with-button">
      <input value={count} inputMode="numeric" required aria-label="Số" onInput={(e) => onChange(`${e.currentTarget.value.replace(/\D/g, '')}${unit}`)} data-testid="setting-value" />
      <select value={unit} aria-label="Đơn vị thời gian" onChange={(e) => onChange(`${count}${e.currentTarget.value}`)} data-testid="setting-unit">
        {Object.entries(units).map(([id, word]) => <option key={id} value={id}>{word}</option>)}
      </select>
    </span>
  );
}

function Input({ p, value, onChange }: { p: ProvinceParameter; value: string; onChange: (text: string) => void }) {
  if (p.kind === 'flag') return <select value={value} onChange={(e) => onChange(e.currentTarget.value)}><option value="true">có</option><option value="false">không</option></select>;
  if (p.kind === 'term') return <TermInput value={value} onChange={onChange} />;
  if (p.kind === 'period') return <select value={value} onChange={(e) => onChange(e.currentTarget.value)} data-testid="setting-value">{Object.entries(periodWords).map(([id, word]) => <option key={id} value={id}>{word}</option>)}</select>;
  return <input value={value} onInput={(e) => onChange(e.currentTarget.value)} inputMode={p.kind === 'number' ? 'decimal' : undefined} required data-testid="setting-value" />;
}

/** What was typed, as the parameter wants it; null: cannot be read. */
function parsed(p: ProvinceParameter, text: string): unknown {
  if (p.kind === 'flag') return text === 'true';
  if (p.kind === 'number') {
    const n = Number(text.trim().replace(',', '.'));
    return text.trim() === '' || !Number.isFinite(n) ? null : n;
  }
  if (p.kind === 'list') return text.split(/[,;]/).map((x) => x.trim()).filter(Boolean);
  return text.trim();
}

function Change({ p, onClose, onDone }: { p: ProvinceParameter; onClose: () => void; onDone: (p: ProvinceParameter) => void }) {
  const now = p.set?.value ?? p.default;
  const [text, setText] = useState(Array.isArray(now) ? now.join(', ') : String(now));
  const [chosen, setChosen] = useState<string[]>(Array.isArray(now) ? now.map(String) : []);
  const [problem, setProblem] = useState('');
  const choices = p.choices.map(String);
  const pick = (one: string): void => setChosen(chosen.includes(one) ? chosen.filter((x) => x !== one) : [...chosen, one]);
  const send = async (value: unknown, reason: string): Promise<void> => {
    try {
      onDone(await patch('/settings/{name}', { path: { name: p.name }, body: { value, reason } }));
      tell('Đã ghi; có hiệu lực khi máy chủ khởi động lại.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const back = (event as SubmitEvent).submitter?.getAttribute('name') === 'back';
    const value = back ? null : p.kind === 'list' && choices.length > 0 ? chosen : parsed(p, text);
    if (value === null && !back) return setProblem('Ghi một số.');
    void send(value, String(data.get('reason')).trim());
  };
  const range = [p.minimum !== null && `từ ${numberText(p.minimum)}`, p.maximum !== null && `đến ${numberText(p.maximum)}`].filter(Boolean).join(' ');
  return (
    <Drawer title={p.title} onClose={onClose} testid="setting-drawer">
      <form class="form" onSubmit={submit}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <p>Mặc định của bộ quy định: <b><Value p={p} value={p.default} /></b>. {p.reason}</p>
        {p.kind === 'list' && choices.length > 0 ? (
          <fieldset><legend>Giá trị</legend>{choices.map((one) => <label class="check" key={one}><input type="checkbox" checked={chosen.includes(one)} onChange={() => pick(one)} /> {itemWords[one] ?? one}</label>)}</fieldset>
        ) : <label>Giá trị{p.unit && ` (${p.unit})`}{range && <span class="hint">{range}</span>}<Input p={p} value={text} onChange={setText} /></label>}
        <label>Lý do, căn cứ<span class="hint">Ví dụ: theo kế hoạch của tỉnh năm 2026</span><textarea name="reason" rows={3} required maxLength={2000} data-testid="setting-reason" /></label>
        <p class="note-line">Giá trị mới dùng cho luật kiểm tra, mật khẩu và nghĩa vụ từ lần khởi động sau của máy chủ. Việc đã phát sinh và kỳ đang chạy giữ thời hạn cũ.</p>
        <div class="row-actions"><Button kind="main" type="submit" data-testid="setting-save">Ghi giá trị</Button>{p.set && <Button type="submit" name="back">Về mặc định</Button>}</div>
      </form>
    </Drawer>
  );
}

function Parameters({ data, text, reload }: { data: ProvinceSettings; text: string; reload: () => void }) {
  const [changing, setChanging] = useState<ProvinceParameter | null>(null);
  const shown = data.parameters.filter((p) => fold(`${p.title} ${p.reason}`).includes(fold(text)));
  if (shown.length === 0) return <Blank icon="search" title="Không có tham số nào khớp" />;
  return (
    <>
      <table class="cards settings-table" data-testid="settings-table">
        <thead><tr><th>Tham số</th><th>Đang dùng</th><th>Mặc định, lý do</th><th>Tỉnh chọn</th>{data.may_change && <th><span class="sr-only">Sửa</span></th>}</tr></thead>
        <tbody>{shown.map((p) => (
          <tr key={p.name} data-row tabIndex={-1} data-testid="setting-row" data-id={p.name}>
            <th scope="row" data-label="Tham số">{p.title}{p.clauses.length > 0 && <span class="entity muted">{p.clauses.map((c) => c.citation).join('; ')}</span>}</th>
            <td data-label="Đang dùng"><b><Value p={p} value={p.value} /></b>{p.waits_for_restart && <span class="status s-due"><Icon name="clock" size={16} /><span>chờ khởi động lại</span></span>}</td>
            <td data-label="Mặc định, lý do" class="room"><Value p={p} value={p.default} /><span class="entity muted">{p.reason}</span></td>
            <td data-label="Tỉnh chọn">{p.set ? <><Value p={p} value={p.set.value} /><span class="entity muted">{inert(p.set.reason)}, {inert(p.set.by)} <When at={p.set.at} /></span></> : <span class="muted">theo mặc định</span>}</td>
            {data.may_change && <td class="right"><Button kind="text" data-primary onClick={() => setChanging(p)} data-testid={`change-${p.name}`}>Sửa</Button></td>}
          </tr>
        ))}</tbody>
      </table>
      {changing && <Change p={changing} onClose={() => setChanging(null)} onDone={() => { setChanging(null); reload(); }} />}
    </>
  );
}

function Slots({ data, reload }: { data: ProvinceSettings; reload: () => void }) {
  const [slot, setSlot] = useState('');
  const [agency, setAgency] = useState('');
  const [problem, setProblem] = useState('');
  const today = timeText(Date.now()).slice(0, 10).split('/').reverse().join('-');
  const bind = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await post('/registers/{kind}', { path: { kind: 'role_binding' }, body: { doc: { slot, agency_id: agency, from: today } } });
      setSlot('');
      setAgency('');
      setProblem('');
      tell('Đã giao vai trò, có hiệu lực ngay.');
      reload();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <>
      <table class="cards" data-testid="slots-table">
        <thead><tr><th>Vai trò trong văn bản</th><th>Đơn vị đang giữ</th>{data.may_change && <th><span class="sr-only">Giao</span></th>}</tr></thead>
        <tbody>{data.slots.map((s) => (
          <tr key={s.id} data-row tabIndex={-1} data-id={s.id}>
            <th scope="row" data-label="Vai trò">{s.title}</th>
            <td data-label="Đơn vị" class="room">{s.holders.length === 0 ? <span class="muted">chưa giao: nghĩa vụ của vai trò này chưa rõ</span> : s.holders.map((h) => (
              <span key={h.record} class="entity"><a href={`/so-dang-ky/role_binding/${h.record}`}>{h.agency_name}</a> <span class="muted">{h.from && `từ ${dateText(h.from)}`}{h.to && ` đến ${dateText(h.to)}`}</span></span>))}</td>
            {data.may_change && <td class="right"><Button kind="text" data-primary onClick={() => setSlot(s.id)}>Giao</Button></td>}
          </tr>
        ))}</tbody>
      </table>
      {slot && (
        <Drawer title={`Giao vai trò: ${data.slots.find((s) => s.id === slot)?.title}`} onClose={() => setSlot('')} testid="slot-drawer">
          <form class="form" onSubmit={(e) => void bind(e)}>
            {problem && <p class="form-problem" role="alert">{problem}</p>}
            <AgencySelect label="Đơn vị" value={agency} all="Chọn đơn vị" required onChange={setAgency} />
            <p class="muted">Có hiệu lực từ hôm nay. Muốn thôi giao, mở tên đơn vị và chuyển bản ghi sang đã kết thúc.</p>
            <Button kind="main" type="submit" disabled={!agency}>Giao vai trò</Button>
          </form>
        </Drawer>
      )}
    </>
  );
}

function Reminders({ data }: { data: ProvinceSettings }) {
  const days = (list: number[]): string => list.map(numberText).join(', ');
  return (
    <section class="panel"><h2>Nhắc việc</h2>
      <dl class="pairs">
        <div><dt>Nhắc trước hạn</dt><dd>{days(data.reminders.before_days)} ngày</dd></div>
        <div><dt>Nhắc sau khi quá hạn</dt><dd>{days(data.reminders.overdue_days)} ngày</dd></div>
      </dl>
      <p class="muted">Lịch nhắc lấy từ bộ quy định {data.pack}; đổi trong bộ quy định rồi khởi động lại máy chủ.</p>
    </section>
  );
}

export default function SettingsPage() {
  const tab = query.value.get('muc') ?? 'tham-so';
  const [text, setText] = useState('');
  const loaded: Loaded<ProvinceSettings> = useLoad((abort) => get('/settings', { signal: abort }), []);
  return (
    <>
      <PageHead title="Cài đặt của tỉnh" sub="Những gì văn bản để ngỏ, do tỉnh quyết định." />
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Mục">
          {([['tham-so', 'Tham số của quy định'], ['vai-tro', 'Đơn vị giữ vai trò'], ['nhac-viec', 'Nhắc việc']] as [string, string][]).map(([id, word]) => (
            <Chip key={id} pressed={tab === id} onClick={() => setQuery({ muc: id === 'tham-so' ? null : id })} testid={`settings-${id}`}>{word}</Chip>))}
        </div>
        {tab === 'tham-so' && <input data-search type="search" value={text} onInput={(e) => setText(e.currentTarget.value)} placeholder="Tìm tham số" aria-label="Tìm tham số" data-testid="setting-search" />}
      </div>
      <Shown of={loaded} rows={10}>
        {(data) => (
          <>
            {data.waits_for_restart && <p class="note-line" data-testid="restart-note">Có giá trị đã ghi nhưng chưa dùng: máy chủ lấy giá trị mới khi khởi động lại.</p>}
            {tab === 'tham-so' && <Parameters data={data} text={text} reload={loaded.reload} />}
            {tab === 'vai-tro' && <Slots data={data} reload={loaded.reload} />}
            {tab === 'nhac-viec' && <Reminders data={data} />}
          </>
        )}
      </Shown>
    </>
  );
}
