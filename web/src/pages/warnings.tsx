// SPDX-License-Identifier: Apache-2.0
// Thông báo nguy cơ: what was sent to us and what we sent. Not the alerts that rules raise.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { navigate, query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Warning } from '../api/types';
import { dateText, numberText } from '../text/format';
import { tlpWords } from '../text/words';
import { AgencySelect } from '../ui/agencies';
import { AgencyPicker } from '../ui/agency-picker';
import { tell } from '../ui/announce';
import { DayInput } from '../ui/day-input';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, Drawer, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import '../styles/province.css';

export const warningKinds: Record<string, string> = {
  malware: 'Mã độc', weakness: 'Lỗ hổng, điểm yếu', risk: 'Rủi ro khác trên mạng', criminal_method: 'Phương thức, thủ đoạn tội phạm',
};
const receiptWords = { none: 'chưa trả lời', received: 'đã nhận', done: 'đã làm' } as const;

export function ReceiptMark({ state, silent }: { state: keyof typeof receiptWords; silent: boolean }) {
  const [icon, tone] = silent ? ['late', 's-overdue'] as const : state === 'none' ? ['clock', 's-due'] as const : state === 'received' ? ['pen', 's-attested'] as const : ['done', 's-met'] as const;
  return <span class={`status ${tone}`}><Icon name={icon} size={16} /><span>{silent ? 'quá hạn chưa trả lời' : receiptWords[state]}</span></span>;
}

/** Sent by the province, the police or the military; the hub has the last word on who may. */
function maySend(): boolean {
  const { role, agency_ids: own } = session.value!.user;
  return may('create:record') && (['administrator', 'province_operator'].includes(role) || (role === 'partner' && own.length > 0));
}

/** Who has a piece of software, by the registers; `onFound` takes the agencies. */
function BySoftware({ onFound }: { onFound: (agencies: string[]) => void }) {
  const [name, setName] = useState('');
  const [said, setSaid] = useState('');
  const look = async (): Promise<void> => {
    if (name.trim().length < 3) return setSaid('Gõ ít nhất ba chữ của tên phần mềm.');
    try {
      const using = (await get('/warnings/addressees', { query: { software: name.trim() } })).using ?? [];
      const agencies = [...new Set(using.map((u) => u.agency_id))];
      const names = [...new Set(using.map((u) => u.what))];
      setSaid(agencies.length === 0 ? 'Các sổ chưa ghi đơn vị nào có phần mềm này.'
        : `${numberText(agencies.length)} đơn vị có: ${names.slice(0, 5).map(inert).join('; ')}${names.length > 5 ? '…' : ''}. Đã chọn các đơn vị này.`);
      if (agencies.length > 0) onFound(agencies);
    } catch (cause) {
      setSaid(problemFrom(cause).text);
    }
  };
  return (
    <>
      <label>Đơn vị có phần mềm <span class="muted">(nếu có)</span><span class="hint">Ví dụ: Windows Server 2012. Tìm trong sổ tài sản, máy, phần mềm và điểm yếu</span>
        <span class="with-button"><input value={name} maxLength={200} onInput={(e) => setName(e.currentTarget.value)} data-testid="warning-software"
          onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); void look(); } }} />
          <Button onClick={() => void look()} data-testid="warning-software-find">Tìm</Button></span></label>
      <p class="muted" role="status" data-testid="warning-software-said">{said}</p>
    </>
  );
}

function Compose({ chosen, onClose }: { chosen: string[]; onClose: () => void }) {
  const [problem, setProblem] = useState('');
  const [way, setWay] = useState<'all' | 'classes' | 'chosen'>(chosen.length > 0 ? 'chosen' : 'all');
  const [to, setTo] = useState<string[]>(chosen);
  const [classes, setClasses] = useState<string[]>([]);
  const addressees = useLoad((abort) => get('/warnings/addressees', { signal: abort }), []);
  const own = session.value!.user.agency_ids;
  const [busy, setBusy] = useState(false);
  const [sender, setSender] = useState(own[0] ?? '');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const day = text('reply_by');
    if (way === 'chosen' && to.length === 0) return setProblem('Chọn ít nhất một đơn vị nhận.');
    if (way === 'classes' && classes.length === 0) return setProblem('Chọn ít nhất một loại đơn vị nhận.');
    const kinds = data.getAll('kind').map(String);
    if (kinds.length === 0) return setProblem('Chọn ít nhất một loại nguy cơ.');
    const indicators = text('indicators').split('\n').map((s) => s.trim()).filter(Boolean);
    setBusy(true);
    try {
      const sent = await post('/warnings', { body: { agency_id: sender || undefined, doc: {
        kind: kinds, title: text('title'), text: text('text'), measures: text('measures'),
        ...(indicators.length > 0 ? { indicators } : {}), ...(way === 'chosen' ? { to_agencies: to } : way === 'classes' ? { to_classes: classes } : {}), ...(day ? { reply_by: day } : {}), ...(text('tlp') ? { tlp: text('tlp') } : {}) } } });
      tell('Đã gửi thông báo.');
      navigate(`/thong-bao-nguy-co/${encodeURIComponent(sent.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <Drawer title="Gửi thông báo nguy cơ" onClose={onClose} testid="warning-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(e) => void send(e)}>
        <fieldset><legend>Loại nguy cơ</legend>
          {Object.entries(warningKinds).map(([id, word]) => <label class="check" key={id}><input type="checkbox" name="kind" value={id} data-testid={`warning-kind-${id}`} /> {word}</label>)}
        </fieldset>
        <label>Tiêu đề<input name="title" required maxLength={300} data-testid="warning-title" /></label>
        <label>Nội dung<textarea name="text" rows={5} required maxLength={4000} data-testid="warning-text" /></label>
        <label>Biện pháp cần làm<textarea name="measures" rows={4} required maxLength={4000} data-testid="warning-measures" /></label>
        <label>Dấu hiệu nhận biết <span class="muted">(nếu có)</span><span class="hint">Mỗi dòng một dấu hiệu: địa chỉ, tên tệp, mã băm</span><textarea name="indicators" rows={3} /></label>
        <label>Được chia sẻ đến đâu (TLP) <span class="muted">(nếu có)</span>
          <select name="tlp" data-testid="warning-tlp"><option value="">Không ghi</option>
            {Object.entries(tlpWords).map(([label, word]) => <option key={label} value={label}>{label}: {word}</option>)}</select></label>
        <div class="field"><label for="warning-reply-by">Trả lời chậm nhất ngày <span class="muted">(nếu có)</span></label><span class="hint">Để trống thì theo thời hạn của bộ quy định</span><DayInput id="warning-reply-by" name="reply_by" testid="warning-reply-by" /></div>
        {own.length === 0 && <AgencySelect label="Cơ quan gửi" value={sender} all="Sở chủ trì" onChange={setSender} />}
        <fieldset><legend>Gửi đến</legend>
          {([['all', 'Mọi đơn vị'], ['classes', 'Theo loại đơn vị'], ['chosen', 'Chọn từng đơn vị']] as const).filter(([id]) => id !== 'classes' || (addressees.data?.classes.length ?? 0) > 0).map(([id, word]) => (
            <label class="check" key={id}><input type="radio" name="way" checked={way === id} onChange={() => setWay(id)} data-testid={`warning-to-${id}`} /> {word}</label>))}
        </fieldset>
        {way !== 'all' && (
          <Shown of={addressees} rows={3}>
            {(known) => way === 'classes' ? (
              <fieldset data-testid="warning-classes"><legend>Loại đơn vị nhận</legend>{known.classes.map((c) => (
                <label class="check" key={c.id}><input type="checkbox" checked={classes.includes(c.id)} data-id={c.id}
                  onChange={() => setClasses(classes.includes(c.id) ? classes.filter((x) => x !== c.id) : [...classes, c.id])} /> <span>{c.title} <span class="muted num">({numberText(c.count)} đơn vị)</span></span></label>))}</fieldset>
            ) : (
              <>
                <BySoftware onFound={(found) => setTo([...new Set([...to, ...found])].filter((id) => id !== sender))} />
                <AgencyPicker legend="Đơn vị nhận" list={known.agencies.filter((a) => a.id !== sender)} chosen={to} onChange={setTo} testid="warning-agencies" />
              </>
            )}
          </Shown>
        )}
        <Button kind="main" type="submit" disabled={busy} data-testid="warning-send">{busy ? 'Đang gửi…' : 'Gửi thông báo'}</Button>
      </form>
    </Drawer>
  );
}

function Standing({ w }: { w: Warning }) {
  if (w.counts) {
    const { sent, received, silent } = w.counts;
    return <span class={silent > 0 ? 'status s-overdue' : ''}>{silent > 0 && <Icon name="late" size={16} />}<span class="num">{numberText(received)}/{numberText(sent)}</span> đã nhận{silent > 0 && `, ${silent} im lặng`}</span>;
  }
  return <>{w.own.map((r) => <ReceiptMark key={r.agency_id} state={r.state} silent={r.silent} />)}</>;
}

export default function Warnings() {
  const q = query.value;
  const province = may('read:storage');
  const box = q.get('hop') ?? (province ? '' : 'received');
  const cursor = q.get('cursor') ?? '';
  // Who was found on a list of indicators is chosen beforehand.
  const chosen = (q.get('gui-den') ?? '').split(',').filter(Boolean);
  const [composing, setComposing] = useState(chosen.length > 0 && maySend());
  const loaded = useLoad((abort) => get('/warnings', { signal: abort, query: { box, cursor } }), [box, cursor]);
  useChange(changes.record.value, loaded.reload, 4000);
  const tabs: [string, string][] = [...(province ? [['', 'Tất cả']] as [string, string][] : []), ['received', 'Nhận được'], ...(maySend() ? [['sent', 'Đã gửi']] as [string, string][] : [])];
  return (
    <>
      <PageHead title="Thông báo nguy cơ" sub="Nguy cơ mà tỉnh, công an, quân sự báo cho các đơn vị; khác với cảnh báo do máy phát hiện.">
        {maySend() && <Button kind="main" icon="plus" onClick={() => setComposing(true)} data-testid="new-warning">Gửi thông báo</Button>}
      </PageHead>
      {tabs.length > 1 && <div class="filters-row"><div class="chips" role="group" aria-label="Hộp thư">
        {tabs.map(([id, word]) => <Chip key={id} pressed={box === id} onClick={() => setQuery({ hop: id || null, cursor: null })} testid={`box-${id || 'all'}`}>{word}</Chip>)}
      </div></div>}
      <Shown of={loaded} rows={8}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="note" title={box === 'sent' ? 'Chưa gửi thông báo nào' : 'Chưa có thông báo nào'}><p>{maySend() ? 'Khi có nguy cơ mới, gửi thông báo để các đơn vị phòng tránh và theo dõi ai đã làm.' : 'Thông báo mới sẽ tự hiện ở đây.'}</p></Blank>
        ) : (
          <>
            <table class="cards" data-testid="warnings-table">
              <thead><tr><th>Thông báo</th><th>Loại</th><th>Nơi gửi</th><th>Ngày gửi</th><th>Trả lời trước hết ngày</th><th>Tình hình</th></tr></thead>
              <tbody>{items.map((w) => (
                <tr key={w.id} data-row tabIndex={-1} data-testid="warning-row" data-id={w.id}>
                  <td data-label="Thông báo" class="grow"><a data-primary href={`/thong-bao-nguy-co/${encodeURIComponent(w.id)}`}>{inert(w.title)}</a>{w.state === 'ended' && <span class="muted"> đã hết hiệu lực</span>}{w.state === 'draft' && <span class="muted"> chưa gửi</span>}</td>
                  <td data-label="Loại">{w.kind.map((k) => warningKinds[k] ?? k).join(', ')}</td>
                  <td data-label="Nơi gửi">{inert(w.issued_by || w.agency_name)}</td>
                  <td data-label="Ngày gửi" class="num">{w.issued_on ? dateText(w.issued_on) : ''}</td>
                  <td data-label="Hạn" class="num">{w.reply_by ? dateText(w.reply_by) : 'không có hạn'}</td>
                  <td data-label="Tình hình"><Standing w={w} /></td>
                </tr>
              ))}</tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {composing && <Compose chosen={chosen} onClose={() => { setComposing(false); setQuery({ 'gui-den': null }); }} />}
    </>
  );
}
