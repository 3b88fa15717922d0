// SPDX-License-Identifier: Apache-2.0
// Sign-in, and the password change that a new or reset account has to do first.
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, problemFrom, sessionLost } from '../api/client';
import { session, setSession, signOut } from '../app/session';
import type { Problem } from '../api/types';
import { Mark } from '../ui/icon';
import { Button, DemoBanner } from '../ui/parts';
import { PasswordForm } from '../ui/password';
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
    const totp = String(data.get('totp') ?? '').replace(/\s/g, '');
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
        <label>Mã xác thực 6 số
          <input name="totp" inputMode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}" required data-testid="totp" />
        </label>
      )}
      <Button kind="main" type="submit" disabled={busy} data-testid="sign-in">{busy ? 'Đang đăng nhập…' : 'Đăng nhập'}</Button>
    </form>
  );
}

export default function SignIn({ again = false }: { again?: boolean }) {
  const mustChange = sessionLost.value === 'must_change_password' && session.value;
  useEffect(() => {
    document.title = mustChange ? 'Đổi mật khẩu · Phên Dậu' : 'Đăng nhập · Phên Dậu';
  }, [mustChange]);
  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <DemoBanner />
        <p class="sign-in-mark"><Mark size={40} /><span>Phên Dậu</span></p>
        <p class="muted">Đảm bảo an toàn thông tin mạng của các cơ quan nhà nước trên địa bàn tỉnh</p>
        {mustChange ? (
          <>
            <h1>Đổi mật khẩu lần đầu</h1>
            <p>Mật khẩu đang dùng là mật khẩu tạm. Đặt mật khẩu của riêng mình để tiếp tục.</p>
            <PasswordForm rule={session.value!.password_rule} onDone={setSession} />
            <Button kind="text" onClick={() => void signOut()}>Đăng xuất</Button>
          </>
        ) : (
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
