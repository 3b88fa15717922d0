// SPDX-License-Identifier: Apache-2.0
// Dấu hiệu nhận biết: lists of addresses, names and hashes that others warn of, and what became of them.
import { useState } from 'preact/hooks';
import { address, get, problemFrom, upload } from '../api/client';
import type { IndicatorList } from '../api/types';
import { navigate, query, setQuery } from '../app/router';
import { bytesText, numberText } from '../text/format';
import { dayText } from '../text/periods';
import { indicatorWords, ruleFilterWords, tlpWords } from '../text/words';
import { DayInput } from '../ui/day-input';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, Chip, Drawer, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import '../styles/alerts.css';

const kViews: [string, string][] = [['draft,in_force', 'Chưa kết thúc'], ['in_force', 'Đang có hiệu lực'], ['draft', 'Bản nháp'], ['ended', 'Đã kết thúc']];

export function countsText(counts: Record<string, number>): string {
  return Object.entries(counts).map(([type, n]) => `${numberText(n)} ${indicatorWords[type] ?? type}`).join(', ');
}

export function ListState({ list }: { list: IndicatorList }) {
  const icon = list.state === 'in_force' ? 'done' : list.state === 'draft' ? 'pen' : 'dash';
  return <span class="state-mark"><Icon name={icon} size={16} /> {ruleFilterWords[list.state]}</span>;
}

function ImportForm({ onClose }: { onClose: () => void }) {
  const [problem, setProblem] = useState('');
  const [chosen, setChosen] = useState('');
  const [state, setState] = useState<{ sent: number; total: number } | null>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const file = data.get('file');
    const pasted = text('lines');
    const bytes = file instanceof File && file.size > 0 ? file : pasted ? new Blob([pasted]) : null;
    if (!bytes) return setProblem('Chọn tệp, hoặc dán danh sách vào ô bên dưới.');
    setProblem('');
    setState({ sent: 0, total: bytes.size });
    try {
      const wish = { title: text('title'), source: text('source'), until: text('until'), reason: text('reason'), tlp: text('tlp') };
      const made = await upload(address('/indicator-lists', {}, wish), bytes, { 'Content-Type': 'application/octet-stream' },
        (sent, total) => setState({ sent, total })).promise as IndicatorList;
      navigate(`/dau-hieu/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setState(null);
    }
  };
  return (
    <Drawer title="Nhập dấu hiệu nhận biết" onClose={onClose} testid="indicators-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(e) => void send(e)}>
        <p class="row-actions"><label class="button choose"><Icon name="upload" size={16} />Chọn tệp
          <input type="file" class="sr-only" name="file" accept=".csv,.txt,.json" data-testid="indicators-file" onChange={(e) => setChosen(e.currentTarget.files?.[0]?.name ?? '')} /></label>
          <span class="muted">{chosen ? inert(chosen) : 'CSV, STIX 2.1 hoặc MISP, tối đa 32 MB'}</span></p>
        <label>Hoặc dán danh sách<span class="hint">Mỗi dòng một dấu hiệu: địa chỉ, tên miền, trang, mã băm, hộp thư, tên tệp</span><textarea name="lines" rows={4} data-testid="indicators-lines" /></label>
        <label>Tên bộ dấu hiệu<span class="hint">Để trống thì lấy tên ghi trong tệp, nếu có</span><input name="title" maxLength={300} data-testid="indicators-title" /></label>
        <label>Nơi cung cấp<input name="source" required maxLength={300} data-testid="indicators-source" /></label>
        <label>Được chia sẻ đến đâu (TLP)
          <select name="tlp"><option value="">Theo tệp; không ghi thì TLP:AMBER</option>
            {Object.entries(tlpWords).map(([label, word]) => <option key={label} value={label}>{label}: {word}</option>)}</select></label>
        <div class="field"><label for="indicators-until">Dùng đến hết ngày</label><DayInput id="indicators-until" name="until" required testid="indicators-until" /></div>
        <label>Lý do<textarea name="reason" rows={2} required maxLength={2000} data-testid="indicators-reason" /></label>
        {state && <p role="status"><progress max={state.total || 1} value={state.sent} aria-label="Đang gửi" /> <span class="num">{bytesText(state.sent)}</span></p>}
        <Button kind="main" type="submit" disabled={!!state} data-testid="indicators-send">{state ? 'Đang gửi…' : 'Nhập và tìm trong nhật ký'}</Button>
      </form>
    </Drawer>
  );
}

export default function Indicators() {
  const states = query.value.get('state') ?? 'draft,in_force';
  const [importing, setImporting] = useState(false);
  const loaded = useLoad((abort) => get('/indicator-lists', { query: { state: states }, signal: abort }), [states]);
  return (
    <>
      <PageHead title="Bộ dấu hiệu" sub="Địa chỉ, tên miền, mã băm mà nơi khác cảnh báo: tìm trong nhật ký đã lưu, rồi canh chừng từ nay.">
        <Button kind="main" icon="plus" onClick={() => setImporting(true)} data-testid="import-indicators">Nhập danh sách</Button>
      </PageHead>
      <div class="filters-row"><div class="chips" role="group" aria-label="Trạng thái">
        {kViews.map(([value, word]) => <Chip key={value} pressed={states === value} onClick={() => setQuery({ state: value })}>{word}</Chip>)}
      </div></div>
      <Shown of={loaded} rows={8}>
        {({ items }) => items.length === 0 ? (
          <Blank icon="search" title="Không có bộ dấu hiệu nào"><p>Khi nhận được danh sách địa chỉ, tên miền hay mã băm độc hại, chọn <b>Nhập danh sách</b>.</p></Blank>
        ) : (
          <table class="cards" data-testid="indicators-table">
            <thead><tr><th>Bộ dấu hiệu</th><th>Nơi cung cấp</th><th>Có trong bộ</th><th>Chia sẻ</th><th class="right">Đã thấy trong nhật ký</th><th>Đến hết ngày</th><th>Trạng thái</th></tr></thead>
            <tbody>{items.map((list) => (
              <tr key={list.id} data-row tabIndex={-1} data-testid="indicators-row" data-id={list.id}>
                <td data-label="Bộ dấu hiệu" class="grow"><a data-primary href={`/dau-hieu/${encodeURIComponent(list.id)}`}>{inert(list.title)}</a></td>
                <td data-label="Nơi cung cấp">{inert(list.source)}</td>
                <td data-label="Có trong bộ">{countsText(list.counts)}</td>
                <td data-label="Chia sẻ" class="nowrap">{list.tlp}</td>
                <td data-label="Đã thấy" class="right num">{list.hunt ? numberText(list.hunt.matches) : list.running ? 'đang tìm' : ''}</td>
                <td data-label="Đến hết ngày" class="num nowrap">{dayText(list.until)}</td>
                <td data-label="Trạng thái"><ListState list={list} /></td>
              </tr>
            ))}</tbody>
          </table>
        )}
      </Shown>
      {importing && <ImportForm onClose={() => setImporting(false)} />}
    </>
  );
}
