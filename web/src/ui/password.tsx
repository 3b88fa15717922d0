// SPDX-License-Identifier: Apache-2.0
// Change of the own password: at first sign-in and on the account page.
import { useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import type { Session } from '../api/types';
import { Button } from './parts';

export function PasswordForm({ rule, onDone }: { rule: string; onDone: (session: Session) => void }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const [old, fresh, again] = ['old', 'new', 'again'].map((name) => String(data.get(name))) as [string, string, string];
    if (fresh !== again) return setProblem('Hai lần nhập mật khẩu mới không giống nhau. Nhập lại mật khẩu mới.');
    if (fresh === old) return setProblem('Mật khẩu mới phải khác mật khẩu đang dùng.');
    setBusy(true);
    setProblem('');
    try {
      onDone(await post('/session/password', { body: { old, new: fresh } }));
      form.reset();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(e) => void submit(e)} data-testid="password-form">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <label>Mật khẩu đang dùng
        <input name="old" type="password" autocomplete="current-password" required data-testid="password-old" />
      </label>
      <label>Mật khẩu mới
        <span class="hint">{rule}</span>
        <input name="new" type="password" autocomplete="new-password" required data-testid="password-new" />
      </label>
      <label>Nhập lại mật khẩu mới
        <input name="again" type="password" autocomplete="new-password" required data-testid="password-again" />
      </label>
      <Button kind="main" type="submit" disabled={busy} data-testid="password-save">Đổi mật khẩu</Button>
    </form>
  );
}
