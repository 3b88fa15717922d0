// SPDX-License-Identifier: Apache-2.0
// Báo sự cố: three fields, works on a phone.
import { useState } from 'preact/hooks';
import { post, problemFrom } from '../api/client';
import { session } from '../app/session';
import { dropDraft, readDraft, writeDraft } from '../ui/draft';
import { AgencySelect, useAgencies } from '../ui/agencies';
import { Button, PageHead } from '../ui/parts';
import { Blank } from '../ui/states';

const kDraft = 'report';

export default function Report() {
  const list = useAgencies();
  const own = session.value!.user.agency_ids;
  const [form, setForm] = useState(() => readDraft<{ title: string; description: string; agency: string }>(kDraft)
    ?? { title: '', description: '', agency: own[0] ?? '' });
  const [problem, setProblem] = useState('');
  const [sent, setSent] = useState(false);
  const change = (part: Partial<typeof form>): void => {
    const next = { ...form, ...part };
    setForm(next);
    writeDraft(kDraft, next);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem('');
    try {
      await post('/incidents', { body: { title: form.title, agency_id: form.agency || (list[0]?.id ?? ''), description: form.description } });
      dropDraft(kDraft);
      setSent(true);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <>
      <PageHead title="Báo sự cố" sub="Báo ngay khi thấy bất thường; không cần chắc chắn." />
      {sent ? (
        <Blank icon="done" title="Đã nhận báo cáo"><p>Cán bộ phụ trách đã được báo. Giữ nguyên máy: ngắt mạng nếu được, không tắt nguồn.</p>
          <Button onClick={() => { setSent(false); setForm({ ...form, title: '', description: '' }); }}>Báo sự cố khác</Button></Blank>
      ) : (
        <form class="form" onSubmit={(e) => void submit(e)} data-testid="report-form">
          {problem && <p class="form-problem" role="alert">{problem}</p>}
          <label>Chuyện gì xảy ra?<span class="hint">Ví dụ: máy hiện thông báo đòi tiền chuộc</span>
            <input required maxLength={200} value={form.title} onInput={(e) => change({ title: e.currentTarget.value })} /></label>
          {own.length > 1 && <AgencySelect required value={form.agency} all="Chọn cơ quan" onChange={(id) => change({ agency: id })} />}
          <label>Ở máy nào, từ lúc nào, đã làm gì?<span class="hint">Ví dụ: máy phòng một cửa, từ 8 giờ sáng, đã rút dây mạng</span>
            <textarea rows={6} maxLength={8000} value={form.description} onInput={(e) => change({ description: e.currentTarget.value })} /></label>
          <Button kind="main" type="submit">Gửi báo cáo</Button>
        </form>
      )}
    </>
  );
}
