// SPDX-License-Identifier: Apache-2.0
// Trực và đầu mối: whom to call at any hour, who is on duty, and the written hand-over of a shift.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { DutyPerson, DutyRoster } from '../api/types';
import { tell } from '../ui/announce';
import { ownBody } from '../ui/coordination';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { PaperLink } from '../ui/paper-link';
import { Button, Drawer, PageHead, When } from '../ui/parts';
import { dateText } from '../text/format';
import { SchemaForm, type Doc } from '../ui/schema-form';
import { Shown } from '../ui/states';
import '../styles/coordination.css';

type Shift = DutyRoster['shifts'][number];
const kPositions: Record<string, string> = { leader: 'Đội trưởng', deputy: 'Đội phó', member: 'Thành viên', expert: 'Chuyên gia mời' };
const kShiftForm = {
  type: 'object', required: ['officer', 'on_duty_on'],
  properties: { officer: { type: 'string', title: 'Người trực', minLength: 1, maxLength: 300 }, on_duty_on: { type: 'string', format: 'date', title: 'Ngày trực' }, hours: { type: 'string', title: 'Giờ trực', maxLength: 300 } },
};
const kHandOverForm = {
  type: 'object', required: ['handed_over_to', 'handed_over_at', 'notes'],
  properties: {
    handed_over_to: { type: 'string', title: 'Bàn giao cho', minLength: 1, maxLength: 300 },
    handed_over_at: { type: 'string', format: 'date-time', title: 'Giờ bàn giao' },
    notes: { type: 'string', title: 'Việc trong ca, việc còn lại', 'x-multiline': true, minLength: 1, maxLength: 4000 },
  },
};

function Phone({ number }: { number: string | null | undefined }) {
  return number ? <a href={`tel:${number.replace(/[^+\d]/g, '')}`} class="num">{inert(number)}</a> : <span class="muted">chưa có</span>;
}

function People({ people, of }: { people: DutyPerson[]; of: (p: DutyPerson) => string }) {
  return (
    <table class="cards" data-testid="people">
      <thead><tr><th>Họ và tên</th><th>Vai trò</th><th>Điện thoại</th><th>Ngoài giờ</th><th>Thư điện tử</th><th>Người thay</th></tr></thead>
      <tbody>{people.map((p) => (
        <tr key={p.id}><td data-label="Họ và tên">{inert(p.full_name)}</td><td data-label="Vai trò">{of(p)}</td><td data-label="Điện thoại"><Phone number={p.phone} /></td>
          <td data-label="Ngoài giờ"><Phone number={p.out_of_hours_phone} /></td><td data-label="Thư điện tử">{inert(p.email ?? '')}</td><td data-label="Người thay">{inert(p.deputy ?? '')}</td></tr>
      ))}</tbody>
    </table>
  );
}

export default function DutyRosterPage() {
  const loaded = useLoad((abort) => get('/duty-roster', { signal: abort }), []);
  useChange(changes.record.value, loaded.reload, 4000);
  const [planning, setPlanning] = useState(false);
  const [handing, setHanding] = useState<Shift | null>(null);
  const send = async (call: () => Promise<unknown>, done: string): Promise<boolean> => {
    try {
      await call();
      tell(done);
      setPlanning(false);
      setHanding(null);
      loaded.reload();
      return true;
    } catch (cause) {
      tell(problemFrom(cause).text, true);
      return false;
    }
  };
  return (
    <>
      <PageHead title="Trực và đầu mối" sub="Gọi ai khi có sự cố, ai đang trực">
        <Button icon="print" onClick={() => window.print()}>In</Button>
        {may('create:record') && <Button icon="calendar" onClick={() => setPlanning(true)} data-testid="plan-shift">Xếp ca trực</Button>}
      </PageHead>
      <Shown of={loaded} rows={8}>
        {(k) => (
          <>
            <section class="panel" aria-labelledby="shifts">
              <h2 id="shifts">Ca trực</h2>
              {k.shifts.length === 0 ? <p class="muted">Chưa xếp ca nào trong hai tuần quanh hôm nay.</p> : (
                <table class="cards" data-testid="shifts">
                  <thead><tr><th>Ngày</th><th>Đơn vị</th><th>Người trực</th><th>Giờ</th><th>Bàn giao</th></tr></thead>
                  <tbody>{[...k.shifts].sort((a, b) => a.on_duty_on.localeCompare(b.on_duty_on)).map((s) => (
                    <tr key={s.id} class={s.on_duty_on === k.today ? 'today' : ''} data-testid="shift" data-state={s.state}>
                      <td data-label="Ngày" class="num">{dateText(s.on_duty_on)}{s.on_duty_on === k.today && ' (hôm nay)'}</td><td data-label="Đơn vị">{inert(s.agency_name)}</td><td data-label="Người trực">{inert(s.officer)}</td><td data-label="Giờ">{inert(s.hours ?? '')}</td>
                      <td data-label="Bàn giao">{s.state === 'done' ? (s.notes ? <>{inert(s.handed_over_to ?? '')}, <When at={s.handed_over_at} /><br />{inert(s.notes)}<br /><PaperLink record={`duty_shift/${s.id}`} label="Biên bản bàn giao ca" also={`${s.officer}, ${dateText(s.on_duty_on)}`} /></> : 'đã bàn giao') : s.may_hand_over ? <Button onClick={() => setHanding(s)} data-testid="hand-over">Bàn giao ca</Button> : 'chưa bàn giao'}</td>
                    </tr>
                  ))}</tbody>
                </table>
              )}
            </section>
            {k.bodies.map((b) => (
              <section key={b.agency_id} class="panel" aria-labelledby={`body-${b.agency_id}`} data-testid="duty-body" data-agency={b.agency_id}>
                <h2 id={`body-${b.agency_id}`}>{inert(b.agency_name)}</h2>
                {b.people.length === 0 ? <p class="muted">Chưa cử đầu mối. Đơn vị ghi người có vai trò đầu mối phối hợp trong sổ cán bộ phụ trách.</p> : <People people={b.people} of={() => 'Đầu mối phối hợp'} />}
              </section>
            ))}
            {k.team.length > 0 && <section class="panel" aria-labelledby="team"><h2 id="team">Đội ứng cứu sự cố</h2><People people={k.team} of={(p) => [kPositions[p.position ?? ''] ?? '', inert(p.agency_name ?? '')].filter(Boolean).join(', ')} /></section>}
          </>
        )}
      </Shown>
      {planning && <Drawer title="Xếp ca trực" onClose={() => setPlanning(false)} testid="shift-drawer">
        <SchemaForm id="shift" schema={kShiftForm} doc={{ on_duty_on: loaded.data?.today }} submitLabel="Lưu ca trực" testid="shift-form"
          onSubmit={(doc: Doc) => send(() => post('/registers/{kind}', { path: { kind: 'duty_shift' }, body: { agency_id: ownBody(), doc } }), 'Đã xếp ca trực.')} />
      </Drawer>}
      {handing && <Drawer title={`Bàn giao ca của ${handing.officer}`} onClose={() => setHanding(null)} testid="hand-over-drawer">
        <SchemaForm id={`hand-over-${handing.id}`} schema={kHandOverForm} doc={{ handed_over_at: new Date().toISOString() }} submitLabel="Bàn giao" testid="hand-over-form"
          onSubmit={(doc: Doc) => send(() => post('/registers/{kind}/{id}/move', { path: { kind: 'duty_shift', id: handing.id }, body: { to: 'done', doc, version: handing.version } }), 'Đã bàn giao ca.')} />
      </Drawer>}
    </>
  );
}
