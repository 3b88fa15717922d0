// SPDX-License-Identifier: Apache-2.0
// The address under which a calendar program reads the own deadlines: made, shown once, revoked.
import { useState } from 'preact/hooks';
import { get, post, problemFrom, remove } from '../api/client';
import type { CalendarAddress } from '../api/types';
import { tell } from './announce';
import { useLoad } from './load';
import { Button, CopyButton, When } from './parts';
import { Shown } from './states';

export function CalendarPanel() {
  const loaded = useLoad((abort) => get('/account/calendar', { signal: abort }), []);
  const [made, setMade] = useState('');
  const [problem, setProblem] = useState('');
  const act = async (what: () => Promise<CalendarAddress>): Promise<void> => {
    setProblem('');
    try {
      const next = await what();
      setMade(next.path ? new URL(next.path, window.location.origin).href : '');
      loaded.set(next);
      if (!next.path) tell('Đã hủy địa chỉ lịch.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel" aria-labelledby="calendar-address"><h2 id="calendar-address">Lịch trong điện thoại, máy tính</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <Shown of={loaded} rows={2}>
        {(state) => (
          <div class="stack">
            <p class="prose">Địa chỉ lịch riêng cho ứng dụng lịch đọc các hạn của anh chị mà không cần đăng nhập. Ai có địa chỉ đều đọc được, nên không gửi cho người khác; lộ thì tạo lại, địa chỉ cũ mất tác dụng ngay.</p>
            {state.active && <p>Đang có một địa chỉ, tạo lúc <When at={state.made_at} />.</p>}
            {made && <><pre data-testid="calendar-address">{made}</pre><p class="muted">Sao chép ngay; sau khi rời trang này sẽ không xem lại được. Trong ứng dụng lịch, chọn thêm lịch từ địa chỉ Internet rồi dán vào.</p></>}
            <p class="row-actions">
              {made && <CopyButton text={made} label="Sao chép địa chỉ" />}
              <Button kind={state.active ? '' : 'main'} onClick={() => void act(() => post('/account/calendar'))} data-testid="make-calendar">{state.active ? 'Tạo địa chỉ mới' : 'Tạo địa chỉ lịch'}</Button>
              {state.active && <Button kind="danger" onClick={() => void act(() => remove('/account/calendar'))} data-testid="revoke-calendar">Hủy địa chỉ</Button>}
            </p>
          </div>
        )}
      </Shown>
    </section>
  );
}
