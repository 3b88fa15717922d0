// SPDX-License-Identifier: Apache-2.0
// Sign-in, and what an account may have to do first: another password, a second step, training.
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, problemFrom, sessionLost, type Lost } from '../api/client';
import { session, setSession, signOut } from '../app/session';
import type { Problem } from '../api/types';
import { Mark } from '../ui/icon';
import { Button, DemoBanner } from '../ui/parts';
import { PasswordForm } from '../ui/password';
import { TotpSetup } from '../ui/totp';
import { Training } from '../ui/training';
import '../styles/account.css';
import '../styles/sign-in.css';

function Fields() {
  const [totpAsked, setTotpAsked] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  useEffect(() => {
    if (totpAsked) form.current?.querySelector<HTMLInputElement>('[name=totp]')?.focus();
  }, [totpAsked]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(form.current!);
    const totp = String(data.get('totp') ?? '').trim();
    setBusy(true);
    setProblem(null);
    try {
      setSession(await post('/session', { body: {
        username: String(data.get('username')).trim(), password: String(data.get('password')), ...(totp ? { totp } : {}) } }));
    } catch (cause) {
      const found = problemFrom(cause);
      if (found.code === 'totp_required') setTotpAsked(true);
      setProblem(found);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form ref={form} onSubmit={(e) => void submit(e)} data-testid="sign-in-form">
      {problem && <p class="form-problem" role="alert" data-testid="sign-in-problem">{problem.text}</p>}
      <label>Tên đăng nhập
        <input name="username" autocomplete="username" required autocapitalize="none" spellcheck={false} data-testid="username" />
      </label>
      <label>Mật khẩu
        <input name="password" type="password" autocomplete="current-password" required data-testid="password" />
      </label>
      {totpAsked && (
        <label>Mã xác thực
          <span class="hint">6 số trên điện thoại, hoặc một mã dự phòng</span>
          <input name="totp" autocomplete="one-time-code" maxLength={40} autocapitalize="none" spellcheck={false} required data-testid="totp" />
        </label>
      )}
      <Button kind="main" type="submit" disabled={busy} data-testid="sign-in">{busy ? 'Đang đăng nhập…' : 'Đăng nhập'}</Button>
      <p><a href="/bao-su-co-nhanh" target="_top" data-testid="public-report">Báo sự cố, không cần tài khoản</a></p>
    </form>
  );
}

/** The account is signed in but nothing else is open yet. */
function Duty({ what }: { what: Lost }) {
  const { password_rule: rule, training } = session.value!;
  return (
    <>
      {what === 'must_change_password' && <>
        <h1>Đổi mật khẩu lần đầu</h1>
        <p>Mật khẩu đang dùng là mật khẩu tạm. Đặt mật khẩu của riêng mình để tiếp tục.</p>
        <PasswordForm rule={rule} onDone={setSession} /></>}
      {what === 'must_enrol_totp' && <>
        <h1>Bật mã xác thực</h1>
        <p>Vai trò của anh chị phải đăng nhập bằng mật khẩu và mã 6 số trên điện thoại.</p>
        <TotpSetup onDone={setSession} /></>}
      {what === 'training_missing' && <><h1>Chưa học kiến thức cơ bản</h1><Training training={training} /></>}
      <Button kind="text" onClick={() => void signOut()} data-testid="duty-sign-out">Đăng xuất</Button>
    </>
  );
}

const kDutyTitles: Partial<Record<Lost, string>> = { must_change_password: 'Đổi mật khẩu', must_enrol_totp: 'Bật mã xác thực', training_missing: 'Chưa học kiến thức cơ bản' };

export default function SignIn({ again = false }: { again?: boolean }) {
  const duty = session.value ? kDutyTitles[sessionLost.value] : undefined;
  useEffect(() => {
    document.title = `${duty ?? 'Đăng nhập'} · Phên Dậu`;
  }, [duty]);
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <DemoBanner />
        <p class="sign-in-mark"><Mark size={40} /><span>Phên Dậu</span></p>
        <p class="muted">Đảm bảo an toàn thông tin mạng của các cơ quan nhà nước trên địa bàn tỉnh</p>
        {duty ? <Duty what={sessionLost.value} /> : (
          <>
            <h1>{again ? 'Phiên làm việc đã hết' : 'Đăng nhập'}</h1>
            {again && <p>Đăng nhập lại để tiếp tục; những gì đang nhập vẫn còn.</p>}
            <Fields />
          </>
        )}
      </div>
    </main>
  );
}
