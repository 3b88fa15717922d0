// SPDX-License-Identifier: Apache-2.0
// The own account: password, second step, training, delegations, the own agency's form, the calendar's address.
import { useState } from 'preact/hooks';
import { get } from '../api/client';
import { navigate } from '../app/router';
import { may, session, setSession } from '../app/session';
import type { Agency, Session } from '../api/types';
import { dateText } from '../text/format';
import { roleWords } from '../text/words';
import { AgencyForm } from '../ui/agency-form';
import { tell } from '../ui/announce';
import { CalendarPanel } from '../ui/calendar-panel';
import { useLoad } from '../ui/load';
import { Button, PageHead } from '../ui/parts';
import { PasswordForm } from '../ui/password';
import { Shown } from '../ui/states';
import { TotpRemoval, TotpSetup } from '../ui/totp';
import { Training } from '../ui/training';
import '../styles/account.css';

function SecondStep({ totp }: { totp: Session['totp'] }) {
  const [open, setOpen] = useState(false);
  const done = (next: Session): void => {
    setOpen(false);
    setSession(next);
    tell(next.totp.enrolled ? 'Đã bật mã xác thực.' : 'Đã tắt mã xác thực.');
  };
  return (
    <section class="panel" aria-labelledby="totp-title" data-testid="totp-panel">
      <h2 id="totp-title">Mã xác thực khi đăng nhập</h2>
      {totp.enrolled ? <p>Đang bật. Còn <span class="num">{totp.recovery_codes_left}</span> mã dự phòng chưa dùng.</p>
        : <p>Chưa bật. Khi bật, mỗi lần đăng nhập cần thêm mã 6 số trên điện thoại, nên lộ mật khẩu vẫn chưa vào được tài khoản.
            {totp.due_on && <> <b>Vai trò này phải bật trước ngày {dateText(totp.due_on)}.</b></>}</p>}
      {open ? (totp.enrolled ? <TotpRemoval onDone={done} /> : <TotpSetup onDone={done} />)
        : <Button kind={totp.enrolled ? '' : 'main'} onClick={() => setOpen(true)} data-testid="totp-open">{totp.enrolled ? 'Tắt mã xác thực' : 'Bật mã xác thực'}</Button>}
    </section>
  );
}

const kPlaces = { officer: 'cán bộ phụ trách CNTT', head: 'thủ trưởng' } as const;

function Delegations({ items }: { items: Session['delegations'] }) {
  return (
    <section class="panel" aria-labelledby="delegations-title" data-testid="delegations">
      <h2 id="delegations-title">Đang được ủy quyền nhập thay</h2>
      <ul class="plain">{items.map((d) => (
        <li key={d.id}>Thay {kPlaces[d.place]} của <b>{d.agency_name}</b>{d.kinds.length > 0 && <>, chỉ: {d.kind_titles.join('; ')}</>}</li>
      ))}</ul>
      <p class="muted">Mỗi thay đổi làm theo ủy quyền đều ghi rõ ủy quyền đó.</p>
    </section>
  );
}

function OwnAgencies({ ids }: { ids: string[] }) {
  const loaded = useLoad((abort) => get('/agencies', { signal: abort }), []);
  const [editing, setEditing] = useState<Agency | null>(null);
  return (
    <section class="panel" aria-labelledby="agencies-title">
      <h2 id="agencies-title">Cơ quan của tôi</h2>
      <Shown of={loaded}>{({ items }) => (
        <ul class="plain">{items.filter((a) => ids.includes(a.id)).map((a) => (
          <li key={a.id} class="row-actions"><span>{a.name}{a.contact && <span class="muted">, {a.contact}</span>}</span>
            {(a.may_change?.length ?? 0) > 0 && <Button kind="text" onClick={() => setEditing(a)} data-testid="own-agency-edit">Sửa</Button>}</li>
        ))}</ul>
      )}</Shown>
      {editing && <AgencyForm agency={editing} classes={loaded.data?.unit_classes ?? []} onClose={() => setEditing(null)} onDone={() => { loaded.reload(); tell('Đã lưu.'); }} />}
    </section>
  );
}

export default function Account() {
  const { user, password_rule: rule, totp, training, delegations } = session.value!;
  return (
    <div class="account">
      <PageHead title="Tài khoản của tôi" sub={`${user.name} (${user.username}), ${roleWords[user.role]}`} />
      <SecondStep totp={totp} />
      {training.gate_on && <section class="panel" aria-labelledby="training-title"><h2 id="training-title">Học kiến thức cơ bản</h2><Training training={training} /></section>}
      {delegations.length > 0 && <Delegations items={delegations} />}
      {user.agency_ids.length > 0 && may('read:agency') && <OwnAgencies ids={user.agency_ids} />}
      <section class="panel" aria-labelledby="password-title">
        <h2 id="password-title">Đổi mật khẩu</h2>
        <PasswordForm rule={rule} onDone={(next) => {
          setSession(next);
          tell('Đã đổi mật khẩu.');
          navigate('/');
        }} />
      </section>
      {may('read:obligation') && <CalendarPanel />}
    </div>
  );
}
