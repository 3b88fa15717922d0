// SPDX-License-Identifier: Apache-2.0
// The own account.
import { navigate } from '../app/router';
import { session, setSession } from '../app/session';
import { roleWords } from '../text/words';
import { tell } from '../ui/announce';
import { PageHead } from '../ui/parts';
import { PasswordForm } from '../ui/password';

export default function Account() {
  const { user, password_rule: rule } = session.value!;
  return (
    <>
      <PageHead title="Đổi mật khẩu" sub={`${user.name} (${user.username}), ${roleWords[user.role]}`} />
      <PasswordForm rule={rule} onDone={(next) => {
        setSession(next);
        tell('Đã đổi mật khẩu.');
        navigate('/');
      }} />
    </>
  );
}
