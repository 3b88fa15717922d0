// SPDX-License-Identifier: Apache-2.0
// "Báo nhầm": what marks the harmless case is ticked on the event that alerted; a draft of a filter is made of it and tried on the journal.
import { useMemo, useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import type { AlertDetail, LogEvent } from '../api/types';
import { navigate } from '../app/router';
import { dateText, timeText, upperFirst } from '../text/format';
import { dayOf } from '../text/periods';
import { entityWords } from '../text/words';
import { DayInput } from '../ui/day-input';
import { fieldWord } from '../ui/entity';
import { summaryOf, valuesOf } from '../ui/event';
import { inert } from '../ui/inert';
import { Button, Drawer } from '../ui/parts';

const kUsualDays = 90;
/** Whole sentences and numbers of processes never come back the same. */
const kHardlyAgain = new Set(['message', 'pid', 'sequence', 'EventRecordID', 'TimeCreated', 'UtcTime', 'ProcessGuid', 'ParentProcessGuid', 'LogonGuid']);
const kValueLengthMax = 4096;

/** Names that a condition may use, those of the alert's entity first. */
function fieldsOf(event: LogEvent, entity: Record<string, string>): string[] {
  const all = ['host', 'source', ...Object.keys(event.fields)].filter((f) => f !== 'agency' && !f.includes('|')
    && valuesOf(event, f).some((v) => v !== '') && valuesOf(event, f).every((v) => v.length <= kValueLengthMax));
  const rank = (f: string): number => (f in entity ? 0 : kHardlyAgain.has(f) ? 2 : 1);
  return [...new Set(all)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function FilterForm({ alert }: { alert: AlertDetail }) {
  const [ref, setRef] = useState(alert.events[0]!.ref);
  const event = alert.events.find((e) => e.ref === ref)!;
  const fields = useMemo(() => fieldsOf(event, alert.entity), [ref]);
  const [picked, setPicked] = useState(new Set(Object.keys(alert.entity)));
  const [until, setUntil] = useState(dayOf(dateText(Date.now() + kUsualDays * 86_400_000)) ?? '');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const conditions = fields.filter((f) => picked.has(f)).map((field) => ({ field, values: valuesOf(event, field) }));
  const pick = (field: string): void => {
    const next = new Set(picked);
    if (!next.delete(field)) next.add(field);
    setPicked(next);
  };
  const send = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    setBusy(true);
    try {
      const made = await post('/rule-filters', { body: {
        rule_id: alert.rule_id, alert_id: alert.id, agency_id: data.get('reach') === 'agency' ? alert.agency_id : '', conditions,
        reason: String(data.get('reason')).trim(), until } });
      navigate(`/bo-loc-bao-nham/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(e) => { e.preventDefault(); void send(e.currentTarget); }} data-testid="filter-form">
      <p>Đánh dấu những gì nhận ra việc vô hại này. Sự kiện có đủ các dấu hiệu đó sẽ không cảnh báo nữa. Càng nhiều dấu hiệu, bộ lọc càng hẹp.</p>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      {alert.events.length > 1 && (
        <label>Theo sự kiện
          <select value={ref} onChange={(e) => setRef(e.currentTarget.value)} data-testid="filter-event">
            {alert.events.slice(0, 20).map((e) => <option key={e.ref} value={e.ref}>{timeText(e.event_time, true)} {inert(summaryOf(e)).slice(0, 60)}</option>)}
          </select></label>
      )}
      <fieldset class="ticks">
        <legend>Dấu hiệu nhận biết</legend>
        {fields.map((field) => (
          <label key={field} class="check">
            <input type="checkbox" checked={picked.has(field)} onChange={() => pick(field)} data-testid="filter-field" data-field={field} />
            <span><span class={`muted${field in entityWords ? '' : ' mono'}`}>{field in entityWords ? upperFirst(fieldWord(field)) : inert(field)}</span> <span class="mono">{valuesOf(event, field).map((v) => inert(v)).join(', ')}</span></span>
          </label>
        ))}
      </fieldset>
      <fieldset class="ticks">
        <legend>Áp dụng cho</legend>
        <label class="check"><input type="radio" name="reach" value="agency" checked={true} /> <span>Chỉ {alert.agency_name}</span></label>
        <label class="check"><input type="radio" name="reach" value="all" /> <span>Mọi đơn vị trong tỉnh</span></label>
      </fieldset>
      <label>Lý do<span class="hint">Ví dụ: máy quét lỗ hổng của trung tâm, chạy tối thứ Bảy</span>
        <textarea name="reason" rows={3} required maxLength={2000} data-testid="filter-reason" /></label>
      <label>Đến hết ngày<span class="hint">Bạn chịu trách nhiệm về bộ lọc đến ngày này; quá ngày, luật lại cảnh báo như cũ</span>
        <DayInput day={until} required testid="filter-until" onDay={setUntil} /></label>
      <p class="row-actions">
        <Button kind="main" type="submit" disabled={busy || conditions.length === 0} data-testid="filter-send">Tạo và chạy thử</Button>
        {conditions.length === 0 && <span class="muted">Hãy đánh dấu ít nhất một dấu hiệu.</span>}
      </p>
      <p class="muted">Bộ lọc chưa có hiệu lực ngay: chương trình chạy thử trên nhật ký đã lưu, bạn xem kết quả rồi mới quyết định.</p>
    </form>
  );
}

export function FalseAlarm({ alert }: { alert: AlertDetail }) {
  const [open, setOpen] = useState(false);
  return (
    <section class="panel" aria-labelledby="false-alarm">
      <h2 id="false-alarm">Báo nhầm?</h2>
      <p class="muted">Nếu đây là việc bình thường, tạo bộ lọc để luật không báo lại đúng việc này.</p>
      <p class="row-actions"><Button onClick={() => setOpen(true)} data-testid="false-alarm">Tạo bộ lọc</Button>
        <a href={`/bo-loc-bao-nham?rule=${encodeURIComponent(alert.rule_id)}`}>Bộ lọc của luật này</a></p>
      {open && <Drawer title="Tạo bộ lọc báo nhầm" testid="false-alarm-drawer" onClose={() => setOpen(false)}><FilterForm alert={alert} /></Drawer>}
    </section>
  );
}
