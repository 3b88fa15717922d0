// SPDX-License-Identifier: Apache-2.0
// The second step of the own account: password, then the QR code and the first code, then the recovery codes.
import { useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import type { Session, TotpEnrolled, TotpOffer } from '../api/types';
import { Button, CopyButton } from './parts';

const kQuiet = 4;  // light squares around, so that cameras find the code

/** One path for all dark squares. */
function QrCode({ rows }: { rows: string[] }) {
  const side = rows.length + 2 * kQuiet;
  const path = rows.flatMap((row, y) => [...row].map((c, x) => (c === '1' ? `M${x + kQuiet} ${y + kQuiet}h1v1h-1z` : ''))).join('');
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label="Mã QR để quét bằng ứng dụng xác thực" data-testid="totp-qr">
      <rect width={side} height={side} fill="#fff" /><path d={path} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}

function RecoveryCodes({ enrolled, onDone }: { enrolled: TotpEnrolled; onDone: (session: Session) => void }) {
  return (
    <div class="stack" data-testid="recovery-codes">
      <p><b>Đã bật mã xác thực.</b> Mỗi mã dự phòng dưới đây đăng nhập được một lần khi mất điện thoại. Các mã chỉ hiện lần này: in ra hoặc chép lại rồi cất nơi an toàn.</p>
      <ol class="codes mono">{enrolled.recovery_codes.map((code) => <li key={code}>{code}</li>)}</ol>
      <p class="row-actions"><CopyButton text={enrolled.recovery_codes.join('\n')} label="Sao chép" />
        <Button onClick={() => window.print()}>In</Button></p>
      <Button kind="main" onClick={() => onDone(enrolled.session)} data-testid="recovery-kept">Tôi đã cất các mã</Button>
    </div>
  );
}

export function TotpSetup({ onDone }: { onDone: (session: Session) => void }) {
  const [offer, setOffer] = useState<TotpOffer | null>(null);
  const [enrolled, setEnrolled] = useState<TotpEnrolled | null>(null);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setProblem('');
    try {
      if (offer) setEnrolled(await post('/session/totp/confirm', { body: { code: String(data.get('code')) } }));
      else setOffer(await post('/session/totp', { body: { password: String(data.get('password')) } }));
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    } finally {
      setBusy(false);
    }
  };
  if (enrolled) return <RecoveryCodes enrolled={enrolled} onDone={onDone} />;
  return (
    <form class="form" key={offer ? 'code' : 'password'} onSubmit={(e) => void submit(e)} data-testid="totp-form">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      {offer ? (
        <>
          <p>Mở ứng dụng xác thực trên điện thoại và quét mã QR. Không quét được thì nhập khóa sau vào ứng dụng:</p>
          <QrCode rows={offer.qr} />
          <p class="mono totp-secret" data-testid="totp-secret">{offer.secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
          <label>Mã 6 số trên điện thoại
            <input name="code" inputMode="numeric" autocomplete="one-time-code" required data-testid="totp-code" autofocus />
          </label>
          <Button kind="main" type="submit" disabled={busy} data-testid="totp-confirm">Bật mã xác thực</Button>
        </>
      ) : (
        <>
          <label>Mật khẩu đang dùng
            <input name="password" type="password" autocomplete="current-password" required data-testid="totp-password" />
          </label>
          <Button kind="main" type="submit" disabled={busy} data-testid="totp-begin">Tiếp tục</Button>
        </>
      )}
    </form>
  );
}

export function TotpRemoval({ onDone }: { onDone: (session: Session) => void }) {
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget as HTMLFormElement).get('code'));
    try {
      onDone(await post('/session/totp/remove', { body: { code } }));
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <form class="form" onSubmit={(e) => void submit(e)} data-testid="totp-removal">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <label>Mã 6 số hoặc mã dự phòng
        <input name="code" autocomplete="one-time-code" required data-testid="totp-removal-code" />
      </label>
      <Button type="submit" data-testid="totp-remove">Tắt mã xác thực</Button>
    </form>
  );
}
