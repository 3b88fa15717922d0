// SPDX-License-Identifier: Apache-2.0
// The form that opens a case, also as a part of another one.
import { useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import type { Case } from '../api/types';
import { navigate } from '../app/router';
import { session } from '../app/session';
import { parseTime, timeText } from '../text/format';
import { AgencySelect } from './agencies';
import { Button, Drawer } from './parts';

/** `parent`: the case that the new one is a part of. */
export function OpenCase({ parent, onClose }: { parent?: Case | undefined; onClose: () => void }) {
  const own = session.value!.user.agency_ids;
  const [agency, setAgency] = useState(own.length === 1 ? own[0]! : '');
  const [problem, setProblem] = useState('');
  const [detected, setDetected] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const detectedAt = detected.trim() === '' ? undefined : parseTime(detected);
    if (detectedAt === null) {
      setProblem('Điền ngày giờ dạng 24/07/2026 09:30.');
      return;
    }
    try {
      const made = await post('/incidents', { body: { title: String(data.get('title')), agency_id: agency, description: String(data.get('description')), detected_at: detectedAt, exercise: data.has('exercise'), ...(parent ? { parent_id: parent.id } : {}) } });
      onClose();
      navigate(`/su-co/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title={parent ? 'Mở hồ sơ con' : 'Mở hồ sơ sự cố'} onClose={onClose} testid="incident-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        {parent && <p class="muted">Một phần việc có hồ sơ riêng, với bước, hạn và giấy tờ riêng. Hồ sơ chính đóng sau hồ sơ con.</p>}
        <label>Tên sự cố<span class="hint">Ví dụ: trang thông tin bị thay đổi giao diện</span><input name="title" required maxLength={200} data-testid="incident-title" /></label>
        <AgencySelect required value={agency} all="Chọn cơ quan" onChange={setAgency} />
        <label>Phát hiện lúc<span class="hint">Để trống nếu vừa phát hiện; thời hạn báo cáo tính từ lúc này</span>
          <span class="with-button"><input value={detected} placeholder="dd/mm/yyyy hh:mm" inputMode="numeric" onInput={(e) => setDetected(e.currentTarget.value)} data-testid="incident-detected" />
            <Button onClick={() => setDetected(timeText(Date.now()))}>Bây giờ</Button></span></label>
        <label>Mô tả<textarea name="description" rows={5} maxLength={8000} /></label>
        {!parent && <label class="check"><input type="checkbox" name="exercise" data-testid="incident-exercise" /> Diễn tập <span class="muted">(không đổi được về sau; không tính vào số liệu)</span></label>}
        <Button kind="main" type="submit" data-testid="incident-create">Mở hồ sơ</Button>
      </form>
    </Drawer>
  );
}
