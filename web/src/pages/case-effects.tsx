// SPDX-License-Identifier: Apache-2.0
// What a case brought about by itself: notices, drafts, proposed orders, reminders; with what came of each, and what a person does
// where it waits for one.
import { useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import type { Case, CaseEffect, PaperBrief } from '../api/types';
import { lazy } from '../app/lazy';
import { may } from '../app/session';
import { dateText } from '../text/format';
import { tell } from '../ui/announce';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { Button, Drawer, When } from '../ui/parts';
import type { Given, GiveProps } from './device-orders';
import '../styles/orders.css';

const Give = lazy<GiveProps>(() => import('./device-orders').then((page) => ({ default: page.Give })));

const kWords: Record<CaseEffect['state'], string> = { waiting: 'Đang làm', done: 'Đã làm', failed: 'Không làm được', proposed: 'Chờ người có thẩm quyền', dismissed: 'Đã bỏ qua' };
const kIcons: Record<CaseEffect['state'], IconName> = { waiting: 'clock', done: 'done', failed: 'late', proposed: 'clock', dismissed: 'skip' };
const kColours: Record<CaseEffect['state'], string> = { waiting: 's-due', done: 's-met', failed: 's-overdue', proposed: 's-due', dismissed: 's-no_occasion' };
const kDoes: Record<CaseEffect['does'], string> = { notice: 'Thông báo', paper: 'Soạn giấy tờ', order: 'Đề nghị ra lệnh' };
const isGiven = (name: string): name is Given => ['isolate', 'release', 'collect'].includes(name);

function Dismiss({ onClose, onSend }: { onClose: () => void; onSend: (reason: string) => Promise<boolean> }) {
  const [reason, setReason] = useState('');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await onSend(reason.trim())) onClose();
  };
  return (
    <Drawer title="Bỏ qua việc này" onClose={onClose} testid="effect-dismiss-drawer">
      <form class="form" onSubmit={(e) => void send(e)}>
        <label>Lý do<span class="hint">Ví dụ: đã rút dây mạng tại chỗ lúc 09:10</span>
          <textarea rows={4} required maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} data-testid="effect-dismiss-reason" /></label>
        <Button kind="main" type="submit" disabled={reason.trim() === ''} data-testid="effect-dismiss-send">Bỏ qua</Button>
      </form>
    </Drawer>
  );
}

/** What came of the draft, and the way to it. */
function PaperLine({ p }: { p: PaperBrief }) {
  const open = (word: string) => <a href={`/giay-to/${encodeURIComponent(p.id)}`} data-testid="effect-paper">{word}</a>;
  const number = <>số {inert(p.number ?? '')}{p.date && `, ngày ${dateText(p.date)}`}</>;
  if (p.state === 'drafted') return <p>Bản nháp, chưa cấp số. {open('Mở bản nháp')}</p>;
  if (p.state === 'cancelled') return <p>Đã hủy{p.number && <>, {number}</>}. {open('Xem văn bản')}</p>;
  if (p.state === 'numbered') return <p>Đã cấp {number}, chờ bản đã ký. {open('Mở văn bản')}</p>;
  return (
    <p data-testid="effect-paper-issued">Đã ban hành {number}{p.signed_by && <>, {p.how === 'signature' ? 'ký số' : 'người ký'}: <span data-raw>{inert(p.signed_by)}</span></>}. {open('Mở văn bản')}{' · '}
      <a href={`/api/v1/papers/${encodeURIComponent(p.id)}/files/signed`} download data-testid="effect-paper-signed">Tải bản đã ký</a></p>
  );
}

function Row({ c, one, onCase, onReload }: { c: Case; one: CaseEffect; onCase: (after: Case) => void; onReload: () => void }) {
  const [dismissing, setDismissing] = useState(false);
  const [giving, setGiving] = useState('');
  const act = async (body: { verb: 'retry' | 'dismiss'; reason?: string }): Promise<boolean> => {
    try {
      onCase(await post('/incidents/{id}/effects/{effect}', { path: { id: c.id, effect: one.id }, body }));
      tell(body.verb === 'retry' ? 'Hệ thống đang làm lại.' : 'Đã bỏ qua.');
      return true;
    } catch (cause) {
      tell(problemFrom(cause).text, true);
      return false;
    }
  };
  const mayAct = one.may_act && may('update:incident');
  return (
    <li class="order" data-testid="effect" data-effect={one.id} data-state={one.state}>
      <p><b>{kDoes[one.does]}: {one.title}</b> <span class={`status ${kColours[one.state]}`}><Icon name={kIcons[one.state]} size={16} /><span>{kWords[one.state]}</span></span></p>
      {one.outcome && !(one.state === 'done' && (one.paper || one.does === 'order')) && <p class={one.state === 'failed' ? 'note-line' : 'muted'}>{inert(one.outcome)}</p>}
      {one.state === 'waiting' && one.next_try_at && <p class="muted">Thử lại lúc <When at={one.next_try_at} /></p>}
      {one.paper && <PaperLine p={one.paper} />}
      {one.devices.filter((d) => d.order_id).map((d) => <p key={d.id}><a href={`/thiet-bi/${encodeURIComponent(d.id)}`}>Lệnh đã ra cho máy {inert(d.name)}</a></p>)}
      {((one.state === 'proposed' && may('update:device')) || mayAct) && (
        <p class="row-actions">
          {one.state === 'proposed' && may('update:device') && one.devices.filter((d) => !d.order_id).map((d) => (
            <Button key={d.id} kind="main" icon="lock" onClick={() => setGiving(d.id)} data-testid="effect-give">{one.title} máy {inert(d.name)}</Button>))}
          {mayAct && one.state === 'failed' && <Button icon="reopen" onClick={() => void act({ verb: 'retry' })} data-testid="effect-retry">Làm lại</Button>}
          {mayAct && (one.state === 'failed' || one.state === 'proposed') && <Button icon="skip" onClick={() => setDismissing(true)} data-testid="effect-dismiss">Bỏ qua</Button>}
        </p>
      )}
      {dismissing && <Dismiss onClose={() => setDismissing(false)} onSend={(reason) => act({ verb: 'dismiss', reason })} />}
      {giving && isGiven(one.name) && (
        <Give device={{ id: giving }} order={one.name} onClose={() => setGiving('')} onDone={onReload}
              proposal={{ case_id: c.id, effect: one.id, ordered_by: one.ordered_by ?? '', weighed: one.weighed ?? '', reason: c.title }} />
      )}
    </li>
  );
}

export function CaseEffects({ c, onCase, onReload }: { c: Case; onCase: (after: Case) => void; onReload: () => void }) {
  const effects = c.effects ?? [];
  if (effects.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="case-effects" data-testid="case-effects">
      <h2 id="case-effects">Việc hệ thống tự làm</h2>
      <ul class="plain orders">{[...effects].reverse().map((one) => <Row key={one.id} c={c} one={one} onCase={onCase} onReload={onReload} />)}</ul>
    </section>
  );
}
