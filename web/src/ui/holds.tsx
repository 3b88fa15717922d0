// SPDX-License-Identifier: Apache-2.0
// Legal holds on a case, an item or the journal: who placed them on which paper, placing and lifting.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { session } from '../app/session';
import type { Hold } from '../api/types';
import { dayText } from '../text/periods';
import { AgencySelect } from './agencies';
import { tell } from './announce';
import { mayKeepEvidence } from './custody';
import { DayInput } from './day-input';
import { Icon } from './icon';
import { inert } from './inert';
import { useLoad } from './load';
import { Button, Drawer, When } from './parts';
import { Shown } from './states';

const kWhat = { case: 'Cả vụ việc', item: 'Chứng cứ', journal: 'Nhật ký' } as const;

function rangeText(h: Hold): string {
  if (h.what !== 'journal') return kWhat[h.what];
  const days = [h.from && `từ ${dayText(h.from)}`, h.until && `đến ${dayText(h.until)}`].filter(Boolean).join(' ');
  return [`Nhật ký ${h.agency_id ? h.agency_name : 'mọi cơ quan'}`, h.source_class && `nguồn ${h.source_class}`, days].filter(Boolean).join(', ');
}

function Paper({ title, submit, onClose, onSend, children }: {
  title: string; submit: string; onClose: () => void; onSend: (text: (name: string) => string) => Promise<void>; children?: preact.ComponentChildren;
}) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await onSend((name) => String(data.get(name) ?? '').trim());
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <Drawer title={title} onClose={onClose} testid="hold-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <form class="form" onSubmit={(e) => void send(e)}>
        {children}
        <label>Số văn bản<span class="hint">Ví dụ: CV 12/CAT-PA05</span><input name="paper_number" required maxLength={300} data-testid="hold-paper" /></label>
        <label>Lý do<textarea name="reason" rows={3} required maxLength={2000} data-testid="hold-reason" /></label>
        <Button kind="main" type="submit" disabled={busy} data-testid="hold-send">{submit}</Button>
      </form>
    </Drawer>
  );
}

/** `of` nothing: holds of all sorts, and new ones on the journal. */
export function Holds({ of }: { of: { case_id?: string; item_id?: string } }) {
  const what = of.item_id ? 'item' : of.case_id ? 'case' : 'journal';
  const loaded = useLoad((abort) => get('/holds', { signal: abort, query: { case: of.case_id, item: of.item_id } }), [of.case_id, of.item_id]);
  const [placing, setPlacing] = useState(false);
  const [lifting, setLifting] = useState<Hold | null>(null);
  const [agency, setAgency] = useState('');
  const { agency_ids: mine } = session.value!.user;
  const own = mine.length === 1 ? mine[0] : undefined;  // the province's people name none: all agencies
  const done = (text: string): void => {
    tell(text);
    loaded.reload();
  };
  return (
    <section class="panel" aria-labelledby="holds" data-testid="holds">
      <h2 id="holds">Giữ nguyên dữ liệu</h2>
      <p class="muted small">Khi có lệnh, dữ liệu liên quan không bị hủy, xóa hay dọn theo thời hạn.</p>
      <Shown of={loaded} rows={2}>
        {({ items }) => (
          <ul class="list">
            {items.length === 0 && <li class="muted">Chưa có lệnh nào.</li>}
            {items.map((h) => (
              <li key={h.id} data-testid="hold" data-state={h.state}>
                <Icon name={h.state === 'in_force' ? 'lock' : 'dash'} size={16} /> <b>{inert(h.paper_number)}</b>: {rangeText(h)}
                <p class="muted">{inert(h.reason)}. {inert(h.placed_by)} đặt <When at={h.placed_at} />{h.state === 'lifted' && <>; {inert(h.lifted_by ?? '')} gỡ <When at={h.lifted_at} /> theo {inert(h.lift_paper_number ?? '')}</>}</p>
                {h.may_lift && <Button onClick={() => setLifting(h)} data-testid="hold-lift">Gỡ lệnh</Button>}
              </li>
            ))}
          </ul>
        )}
      </Shown>
      {mayKeepEvidence() && <Button icon="lock" onClick={() => setPlacing(true)} data-testid="hold-new">{what === 'journal' ? 'Giữ nguyên nhật ký' : 'Đặt lệnh giữ nguyên'}</Button>}
      {placing && (
        <Paper title={what === 'journal' ? 'Giữ nguyên nhật ký' : 'Đặt lệnh giữ nguyên'} submit="Đặt lệnh" onClose={() => setPlacing(false)} onSend={async (text) => {
          const range = what === 'journal' ? { agency_id: agency || own, source_class: text('source_class') || undefined, from: text('from') || undefined, until: text('until') || undefined } : of;
          await post('/holds', { body: { what, ...range, paper_number: text('paper_number'), reason: text('reason') } });
          done('Đã đặt lệnh giữ nguyên dữ liệu.');
        }}>
          {what === 'journal' && (
            <>
              <AgencySelect value={agency} onChange={setAgency} />
              <label>Loại nguồn <span class="muted">(nếu có)</span><span class="hint">Để trống thì giữ mọi nguồn. Ví dụ: windows</span><input name="source_class" maxLength={100} /></label>
              <div class="field"><label for="hold-from">Từ ngày <span class="muted">(nếu có)</span></label><DayInput id="hold-from" name="from" testid="hold-from" /></div>
              <div class="field"><label for="hold-until">Đến hết ngày <span class="muted">(nếu có)</span></label><DayInput id="hold-until" name="until" testid="hold-until" /></div>
            </>
          )}
        </Paper>
      )}
      {lifting && (
        <Paper title={`Gỡ lệnh ${lifting.paper_number}`} submit="Gỡ lệnh" onClose={() => setLifting(null)} onSend={async (text) => {
          await post('/holds/{id}/lift', { path: { id: lifting.id }, body: { paper_number: text('paper_number'), reason: text('reason') } });
          done('Đã gỡ lệnh giữ nguyên dữ liệu.');
        }} />
      )}
    </section>
  );
}
