// SPDX-License-Identifier: Apache-2.0
// Making a package for hand-over: which items, to whom, on which request or why without one.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { EvidenceBag, EvidenceItem } from '../api/types';
import { tell } from '../ui/announce';
import { bodyWords } from '../ui/custody';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, Drawer } from '../ui/parts';

export interface BagProps {
  caseId: string;
  items: EvidenceItem[];
  onClose: () => void;
  onMade: (bag: EvidenceBag) => void;
}
type Body = keyof typeof bodyWords;

export default function BagForm({ caseId, items, onClose, onMade }: BagProps) {
  const open = items.filter((e) => e.state !== 'destroyed' && e.state !== 'returned');
  const [chosen, setChosen] = useState(open.map((e) => e.id));
  const [request, setRequest] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const requests = useLoad((abort) => get('/registers/{kind}', { path: { kind: 'coordination_request' }, query: { limit: 200 }, signal: abort }), []);
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    if (chosen.length === 0) return setProblem('Chọn ít nhất một chứng cứ.');
    setBusy(true);
    try {
      const minute = Object.fromEntries(['place', 'receiver_name', 'receiver_title', 'giver_title', 'carrier'].map((name) => [name, text(name)]).filter(([, v]) => v !== ''));
      const body = (text('to_body') || undefined) as Body | undefined;
      const bag = await post('/evidence/bags', { body: {
        case_id: caseId, item_ids: chosen, act: text('act') as 'handed_over' | 'copied', to: text('to'), to_body: body, minute,
        ...(request ? { request_id: request } : { no_request_reason: text('why') }), ...(text('minutes_number') ? { minutes_number: text('minutes_number') } : {}) } });
      tell(`Đã lập gói ${bag.name}. Tải gói về và in biên bản trong gói để hai bên ký.`);
      onMade(bag);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <Drawer title="Lập gói bàn giao" onClose={onClose} testid="bag-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(e) => void make(e)}>
        <fieldset><legend>Chứng cứ trong gói</legend>{open.map((e) => (
          <label class="check" key={e.id}><input type="checkbox" checked={chosen.includes(e.id)} onChange={() => setChosen(chosen.includes(e.id) ? chosen.filter((x) => x !== e.id) : [...chosen, e.id])} /> <span>{e.number} {inert(e.label)}{e.outside && <span class="muted"> (chỉ mã băm)</span>}</span></label>
        ))}</fieldset>
        <fieldset><legend>Giao gì</legend>
          <label class="check"><input type="radio" name="act" value="handed_over" defaultChecked /> Giao chứng cứ, bên nhận giữ từ nay</label>
          <label class="check"><input type="radio" name="act" value="copied" /> Giao bản sao, ta vẫn giữ bản gốc</label>
        </fieldset>
        <label>Bên nhận<span class="hint">Người, phòng, cơ quan. Ví dụ: Phòng PA05, Công an tỉnh</span><input name="to" required maxLength={600} data-testid="bag-to" /></label>
        <label>Cơ quan nhận có tài khoản <span class="muted">(nếu có)</span><span class="hint">Cơ quan được chọn xem và tải được chứng cứ ở đây</span>
          <select name="to_body"><option value="">Không</option>{Object.entries(bodyWords).map(([id, word]) => <option key={id} value={id}>{word}</option>)}</select></label>
        <label>Theo đề nghị<select value={request} onChange={(e) => setRequest(e.currentTarget.value)} data-testid="bag-request">
          <option value="">Chưa có văn bản đề nghị</option>
          {requests.data?.items.map((r) => <option key={r.id} value={r.id}>{inert(String(r.doc.content ?? r.id)).slice(0, 80)}</option>)}
        </select></label>
        {!request && <label>Vì sao bàn giao khi chưa có đề nghị<textarea name="why" rows={2} required maxLength={4000} data-testid="bag-why" /></label>}
        <details><summary>Biên bản bàn giao</summary><p class="muted small">Chỗ nào để trống thì biên bản có dòng chấm để điền tay.</p>
          <label>Số biên bản<span class="hint">Để trống thì chương trình lấy số tiếp theo trong sổ văn bản</span><input name="minutes_number" maxLength={300} /></label>
          <label>Nơi bàn giao<input name="place" maxLength={600} /></label>
          <label>Chức vụ người giao<input name="giver_title" maxLength={600} /></label>
          <label>Người nhận<input name="receiver_name" maxLength={600} /></label>
          <label>Chức vụ người nhận<input name="receiver_title" maxLength={600} /></label>
          <label>Vật chứa<span class="hint">Ví dụ: USB 32 GB, số hiệu 0123</span><input name="carrier" maxLength={600} /></label>
        </details>
        <Button kind="main" type="submit" disabled={busy} data-testid="bag-send">{busy ? 'Đang lập gói…' : 'Lập gói'}</Button>
      </form>
    </Drawer>
  );
}
