// SPDX-License-Identifier: Apache-2.0
// Quản trị: agencies, people, packs, rules, reading log files in.
import { useRef, useState } from 'preact/hooks';
import { address, get, patch, post, problemFrom, upload } from '../api/client';
import { query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import type { Agency, Role, UserAccount } from '../api/types';
import { bytesText, compareNames, comparePersons, numberText } from '../text/format';
import { roleWords, satisfiedByWords, sourceWord } from '../text/words';
import { AgencySelect, agencyName, useAgencies } from '../ui/agencies';
import { AgencyForm } from '../ui/agency-form';
import { tell } from '../ui/announce';
import { useLoad } from '../ui/load';
import { Button, CopyButton, Drawer, PageHead } from '../ui/parts';
import { RefSelect } from '../ui/ref-select';
import { Blank, Shown } from '../ui/states';
import { LevelMark } from '../ui/status';

function Agencies() {
  const loaded = useLoad((abort) => get('/agencies', { signal: abort }), []);
  const [editing, setEditing] = useState<Agency | null | 'new'>(null);
  return (
    <>
      {may('create:agency') && <p class="row-actions"><Button icon="plus" onClick={() => setEditing('new')} data-testid="add-agency">Thêm cơ quan</Button></p>}
      <Shown of={loaded}>{({ items }) => items.length === 0 ? <Blank title="Chưa có cơ quan nào"><p>Thêm cơ quan đầu tiên, rồi thêm máy cho cơ quan đó.</p></Blank> : (
        <table class="cards"><thead><tr><th>Cơ quan, đơn vị</th><th>Mã</th><th>Mạng</th><th>Hệ thống riêng</th><th class="right">Thiết bị</th><th /></tr></thead>
          <tbody>{[...items].sort((a, b) => compareNames(a.name, b.name)).map((a) => (
            <tr key={a.id} data-row tabIndex={-1}><td data-label="Cơ quan" class="grow">{a.name}{a.state === 'abolished' && <span class="muted"> (đã giải thể)</span>}</td><td data-label="Mã" class="mono">{a.code}</td>
              <td data-label="Mạng" class="mono">{a.addresses?.join(', ')}</td><td data-label="Hệ thống riêng">{a.has_own_system ? 'có' : 'không'}</td><td data-label="Thiết bị" class="right num">{a.devices !== undefined ? numberText(a.devices) : ''}</td>
              <td class="right">{may('update:agency') && <Button kind="text" data-primary onClick={() => setEditing(a)}>Sửa</Button>}</td></tr>
          ))}</tbody></table>
      )}</Shown>
      {editing && <AgencyForm agency={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onDone={loaded.reload} />}
    </>
  );
}

function OneTime({ user, password, onClose }: { user: UserAccount; password: string; onClose: () => void }) {
  return (
    <Drawer title="Mật khẩu tạm" onClose={onClose} testid="one-time-drawer">
      <div class="stack">
        <p>Mật khẩu tạm của <b>{user.name}</b> ({user.username}). Chỉ hiện một lần; người dùng phải đổi khi đăng nhập lần đầu.</p>
        <pre data-testid="one-time-password">{password}</pre>
        <p class="row-actions"><CopyButton text={password} label="Sao chép" /></p>
      </div>
    </Drawer>
  );
}

function UserForm({ user, onClose, onDone }: { user: UserAccount | null; onClose: () => void; onDone: (user: UserAccount, password?: string) => void }) {
  const list = useAgencies();
  const [own, setOwn] = useState<string[]>(user?.agency_ids ?? []);
  const [staff, setStaff] = useState(user?.staff_id ?? '');
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const body = { name: text('name'), role: text('role') as Role, agency_ids: own, staff_id: staff, basic_training_on: text('trained'),
                   training_exception: { until: text('until'), reason: text('until') && text('reason') } };
    // What did not change is not sent: a changed role or agency ends the person's sessions.
    const changed = user ? { ...body, role: body.role === user.role ? undefined : body.role,
                             agency_ids: own.join() === user.agency_ids.join() ? undefined : own } : body;
    try {
      const saved = user ? await patch('/users/{id}', { path: { id: user.id }, body: changed })
        : await post('/users', { body: { ...body, username: String(data.get('username')) } });
      onClose();
      onDone(saved, saved.one_time_password);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title={user ? `Sửa ${user.name}` : 'Thêm người dùng'} onClose={onClose} testid="user-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Họ và tên<input name="name" required maxLength={100} defaultValue={user?.name} data-testid="user-name" /></label>
        {!user && <label>Tên đăng nhập<span class="hint">Ví dụ: nva.soyte</span><input name="username" required pattern="[a-z0-9._-]{2,60}" data-testid="user-username" /></label>}
        <label>Vai trò<select name="role" defaultValue={user?.role ?? 'agency_officer'} data-testid="user-role">
          {(Object.keys(roleWords) as Role[]).map((r) => <option key={r} value={r} selected={r === (user?.role ?? 'agency_officer')}>{roleWords[r]}</option>)}</select></label>
        <fieldset><legend>Thuộc cơ quan</legend>{list.map((a) => (
          <label class="check" key={a.id}><input type="checkbox" checked={own.includes(a.id)} onChange={() => setOwn(own.includes(a.id) ? own.filter((x) => x !== a.id) : [...own, a.id])} /> {a.name}</label>
        ))}</fieldset>
        <label>Là cán bộ nào trong sổ<span class="hint">Nhờ đó ngày học và việc nghỉ, chuyển trong sổ được áp dụng đúng người</span>
          <RefSelect kind="staff" value={staff} common={{ 'data-testid': 'user-staff' }} onChange={setStaff} /></label>
        <label>Ngày học kiến thức cơ bản<input name="trained" type="date" defaultValue={user?.basic_training_on} /></label>
        <label>Cho làm việc khi chưa học, đến hết ngày<input name="until" type="date" defaultValue={user?.training_exception?.until} /></label>
        <label>Lý do cho phép<input name="reason" maxLength={1000} defaultValue={user?.training_exception?.reason} /></label>
        <Button kind="main" type="submit" data-testid="user-save">Lưu</Button>
      </form>
    </Drawer>
  );
}

function Users() {
  useAgencies();
  const loaded = useLoad((abort) => get('/users', { signal: abort }), []);
  const [editing, setEditing] = useState<UserAccount | null | 'new'>(null);
  const [shown, setShown] = useState<{ user: UserAccount; password: string } | null>(null);
  const change = async (user: UserAccount, body: { locked?: boolean; reset_password?: boolean; reset_totp?: boolean }): Promise<void> => {
    try {
      const saved = await patch('/users/{id}', { path: { id: user.id }, body });
      if (saved.one_time_password) setShown({ user: saved, password: saved.one_time_password });
      else if (body.reset_totp) tell(`Đã tắt mã xác thực của ${user.username}.`);
      else tell(body.locked ? `Đã khóa tài khoản ${user.username}.` : `Đã mở khóa tài khoản ${user.username}.`);
      loaded.reload();
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    }
  };
  return (
    <>
      {may('create:user') && <p class="row-actions"><Button icon="plus" onClick={() => setEditing('new')} data-testid="add-user">Thêm người dùng</Button></p>}
      <Shown of={loaded}>{({ items }) => (
        <table class="cards users-table"><thead><tr><th>Họ và tên</th><th>Tên đăng nhập</th><th>Vai trò</th><th>Cơ quan</th><th>Tình trạng</th><th /></tr></thead>
          <tbody>{[...items].sort((a, b) => comparePersons(a.name, b.name)).map((u) => (
            <tr key={u.id} data-row tabIndex={-1} data-testid="user-row"><td data-label="Họ và tên" class="grow">{u.name}</td><td data-label="Tên đăng nhập" class="mono">{u.username}</td><td data-label="Vai trò">{roleWords[u.role]}</td>
              <td data-label="Cơ quan">{u.agency_ids.map(agencyName).join(', ')}</td>
              <td data-label="Tình trạng">{u.locked ? (u.locked_by ? 'Đã khóa vì nghỉ, chuyển' : 'Đã khóa') : u.must_change_password ? 'Chờ đổi mật khẩu' : 'Hoạt động'}</td>
              <td class="right nowrap">{may('update:user') && <>
                <Button kind="text" data-primary onClick={() => setEditing(u)}>Sửa</Button>
                <Button kind="text" onClick={() => void change(u, { reset_password: true })}>Đặt lại mật khẩu</Button>
                {u.has_totp && <Button kind="text" onClick={() => void change(u, { reset_totp: true })}>Tắt mã xác thực</Button>}
                {u.id !== session.value!.user.id && <Button kind="text" onClick={() => void change(u, { locked: !u.locked })}>{u.locked ? 'Mở khóa' : 'Khóa'}</Button>}
              </>}</td></tr>
          ))}</tbody></table>
      )}</Shown>
      {editing && <UserForm user={editing === 'new' ? null : editing} onClose={() => setEditing(null)} onDone={(user, password) => { loaded.reload(); if (password) setShown({ user, password }); }} />}
      {shown && <OneTime {...shown} onClose={() => setShown(null)} />}
    </>
  );
}

function Packs() {
  const loaded = useLoad((abort) => get('/packs', { signal: abort }), []);
  return (
    <Shown of={loaded}>{({ items }) => (
      <>{items.map((p) => (
        <section class="panel" key={p.id + p.digest} aria-label={p.title}>
          <h2>{p.title} {p.active && <span class="muted">đang có hiệu lực</span>}</h2>
          <dl class="pairs">
            <div><dt>Mã</dt><dd class="mono">{p.id}</dd></div>
            {p.document && <div><dt>Văn bản</dt><dd>{p.document}</dd></div>}
            <div><dt>Dấu vân tay SHA-256</dt><dd><code class="hash">{p.digest}</code></dd></div>
            {p.coverage && <div><dt>Cách kiểm tra</dt><dd><ul class="plain">{Object.entries(p.coverage).sort((a, b) => b[1] - a[1]).map(([by, n]) => <li key={by}><span class="num">{numberText(n)}</span> {(satisfiedByWords[by] ?? by).toLowerCase()}</li>)}</ul></dd></div>}
          </dl>
        </section>
      ))}</>
    )}</Shown>
  );
}

const kRuleStates = { active: 'Đang chạy', disabled: 'Đã tắt', unsupported: 'Chưa chạy được', blind: 'Chưa có nguồn nhật ký' } as const;

function Rules() {
  const loaded = useLoad((abort) => get('/rules', { signal: abort }), []);
  return (
    <Shown of={loaded}>{({ items }) => (
      <table class="cards"><thead><tr><th>Mức</th><th>Luật</th><th>Nguồn nhật ký</th><th>Tình trạng</th></tr></thead>
        <tbody>{items.map((r) => (
          <tr key={r.id} data-row tabIndex={-1}><td data-label="Mức"><LevelMark level={r.level} /></td><td data-label="Luật" class="grow"><a data-primary title={r.id} href={`/canh-bao?rule=${encodeURIComponent(r.id)}&status=all`}>{r.title}</a></td>
            <td data-label="Nguồn" title={r.logsource}>{sourceWord(r.logsource)}</td><td data-label="Tình trạng">{kRuleStates[r.state]}{r.reason && <span class="muted entity">{r.reason}</span>}</td></tr>
        ))}</tbody></table>
    )}</Shown>
  );
}

function ReadIn() {
  const [agency, setAgency] = useState('');
  const [source, setSource] = useState('');
  const [state, setState] = useState<{ sent: number; total: number } | null>(null);
  const [result, setResult] = useState<{ accepted: number; rejected: number; first_errors?: { line: number; reason: string }[] } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const start = async (file: File): Promise<void> => {
    setResult(null);
    setState({ sent: 0, total: file.size });
    try {
      setResult(await upload(address('/uploads/ndjson', {}, { agency, source }), file, { 'Content-Type': 'application/x-ndjson' },
        (sent, total) => setState({ sent, total })).promise as typeof result);
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    } finally {
      setState(null);
    }
  };
  return (
    <div class="form">
      <p>Đưa vào kho nhật ký một tệp NDJSON: mỗi dòng một sự kiện. Dòng không đọc được vẫn giữ nguyên và được đếm.</p>
      <AgencySelect required value={agency} all="Chọn cơ quan" onChange={setAgency} />
      <label>Tên nguồn<span class="hint">Ví dụ: tuong-lua-so-y-te</span><input value={source} onInput={(e) => setSource(e.currentTarget.value)} /></label>
      <input ref={input} class="sr-only" type="file" tabIndex={-1} aria-label="Tệp NDJSON" data-testid="ndjson-input" onChange={(e) => { const f = e.currentTarget.files?.[0]; if (f) void start(f); e.currentTarget.value = ''; }} />
      <Button icon="upload" kind="main" disabled={!agency || !!state} onClick={() => input.current?.click()}>Chọn tệp</Button>
      {state && <p><progress max={state.total || 1} value={state.sent} aria-label="Đang gửi" /> <span class="num">{bytesText(state.sent)}</span></p>}
      {result && <p role="status">Đã nhận {numberText(result.accepted)} sự kiện{result.rejected > 0 && `, ${numberText(result.rejected)} dòng không đọc được`}.</p>}
      {result?.first_errors?.map((e) => <p class="note-line" key={e.line}>Dòng {e.line}: {e.reason}</p>)}
    </div>
  );
}

const kTabs: [string, string, () => boolean, () => preact.JSX.Element][] = [
  ['co-quan', 'Cơ quan', () => may('read:agency'), Agencies],
  ['nguoi-dung', 'Người dùng', () => may('read:user'), Users],
  ['bo-quy-dinh', 'Bộ quy định', () => may('read:pack'), Packs],
  ['luat', 'Luật phát hiện', () => may('read:rule'), Rules],
  ['nhap', 'Nhập nhật ký', () => may('create:event'), ReadIn],
];

export default function Admin() {
  const tabs = kTabs.filter(([, , visible]) => visible());
  const wanted = query.value.get('muc');
  const [id, , , View] = tabs.find(([tab]) => tab === wanted) ?? tabs[0]!;
  return (
    <>
      <PageHead title="Quản trị" />
      <nav class="tabs" aria-label="Mục quản trị">{tabs.map(([tab, word]) => (
        <a key={tab} href={`/quan-tri?muc=${tab}`} aria-current={tab === id ? 'page' : undefined} data-testid={`tab-${tab}`} onClick={(e) => { e.preventDefault(); setQuery({ muc: tab }); }}>{word}</a>
      ))}</nav>
      <View key={id} />
    </>
  );
}
