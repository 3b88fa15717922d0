// SPDX-License-Identifier: Apache-2.0
// Tin báo: what was reported before there is a case; typing in what came by telephone, mail, fax or paper.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { navigate, query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { IncidentReport, ReportWrite } from '../api/types';
import { numberText, parseTime, timeText } from '../text/format';
import { reportAbout, reportChannels, reportStates } from '../text/words';
import { AgencySelect } from '../ui/agencies';
import { tell } from '../ui/announce';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';

const kLook: Record<IncidentReport['state'], [IconName, string]> = { new: ['clock', 's-due'], opened: ['incident', 's-attested'], linked: ['link', 's-attested'], answered: ['done', 's-met'] };

export function ReportState({ state }: { state: IncidentReport['state'] }) {
  const [icon, tone] = kLook[state];
  return <span class={`status ${tone}`} data-testid="report-state" data-state={state}><Icon name={icon} size={16} /><span>{reportStates[state]}</span></span>;
}

/** Nine fields at most besides agency and channel; the moment is filled in. */
function Typing({ onClose }: { onClose: () => void }) {
  const own = session.value!.user.agency_ids;
  const provincial = own.length === 0;
  const [agency, setAgency] = useState(own[0] ?? '');
  const [found, setFound] = useState('');
  const [received, setReceived] = useState(timeText(Date.now()));
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string | undefined => String(data.get(name) ?? '').trim() || undefined;
    const foundAt = found.trim() === '' ? undefined : parseTime(found);
    const receivedAt = received.trim() === '' ? undefined : parseTime(received);
    if (foundAt === null || receivedAt === null) return setProblem('Điền ngày giờ dạng 24/07/2026 09:30.');
    try {
      const made = await post('/incident-reports', { body: {
        agency_id: agency, channel: (text('channel') ?? 'portal') as ReportWrite['channel'], about: (text('about') ?? 'incident') as ReportWrite['about'],
        title: text('title') ?? '', text: text('text'), where: text('where'), done: text('done'), reporter_name: text('reporter_name'), phone: text('phone'),
        email: text('email'), found_at: foundAt, received_at: receivedAt, exercise: data.has('exercise') || undefined } });
      tell(`Đã ghi tin báo ${made.number}.`);
      navigate(`/tin-bao/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Ghi tin báo" onClose={onClose} testid="report-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <AgencySelect required value={agency} all="Chọn cơ quan" onChange={setAgency} />
        {provincial && <label>Nhận qua<select name="channel" data-testid="report-channel">
          {(['phone', 'email', 'fax', 'document', 'in_person', 'portal'] as const).map((id) => <option key={id} value={id}>{reportChannels[id]}</option>)}</select></label>}
        <label>Nhận lúc<input value={received} inputMode="numeric" placeholder="dd/mm/yyyy hh:mm" onInput={(e) => setReceived(e.currentTarget.value)} /></label>
        <fieldset><legend>Về việc</legend>
          <label class="check"><input type="radio" name="about" value="incident" defaultChecked /> Sự cố đã xảy ra</label>
          <label class="check"><input type="radio" name="about" value="risk" data-testid="report-risk" /> Mới là nguy cơ</label></fieldset>
        <label>Chuyện gì xảy ra?<input name="title" required maxLength={200} data-testid="report-title" /></label>
        <label>Máy, hệ thống nào<input name="where" maxLength={300} /></label>
        <label>Phát hiện lúc<input value={found} inputMode="numeric" placeholder="dd/mm/yyyy hh:mm" onInput={(e) => setFound(e.currentTarget.value)} /></label>
        <label>Mô tả<textarea name="text" rows={4} maxLength={4000} /></label>
        <label>Đã làm gì<textarea name="done" rows={2} maxLength={2000} /></label>
        <label>Người báo<input name="reporter_name" maxLength={100} /></label>
        <label>Điện thoại<input name="phone" type="tel" maxLength={30} /></label>
        <label>Thư điện tử<span class="hint">Một thư xác nhận có mã tin báo được gửi đến đây</span><input name="email" type="email" maxLength={254} /></label>
        <label class="check"><input type="checkbox" name="exercise" /> Diễn tập</label>
        <Button kind="main" type="submit" data-testid="report-save">Ghi tin báo</Button>
      </form>
    </Drawer>
  );
}

export default function IncidentReports() {
  const q = query.value;
  const state = q.get('trang-thai') ?? '';
  const agency = q.get('agency') ?? '';
  const words = q.get('tim') ?? '';
  const cursor = q.get('cursor') ?? '';
  const [typing, setTyping] = useState(false);
  const loaded = useLoad((abort) => get('/incident-reports', { signal: abort, query: { state: state || undefined, agency, q: words || undefined, cursor } }), [state, agency, words, cursor]);
  useChange(changes.incident.value, loaded.reload, 4000);
  return (
    <>
      <PageHead title="Tin báo" sub={loaded.data && <>{numberText(loaded.data.total)} tin báo{(loaded.data.refused ?? 0) > 0 && <>, {numberText(loaded.data.refused!)} tin bị từ chối vì quá nhiều</>}</>}>
        <Button onClick={() => window.open('/bao-su-co-nhanh', '_blank', 'noopener')} icon="link" data-testid="open-form">Biểu mẫu công khai</Button>
        {may('create:incident') && <Button kind="main" icon="plus" onClick={() => setTyping(true)} data-testid="new-report">Ghi tin báo</Button>}
      </PageHead>
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Trạng thái">
          {(['', 'new', 'opened', 'linked', 'answered'] as const).map((id) => (
            <Chip key={id} pressed={state === id} onClick={() => setQuery({ 'trang-thai': id, cursor: null })}>{id === '' ? 'Tất cả' : reportStates[id]}</Chip>))}
        </div>
        <AgencySelect value={agency} onChange={(id) => setQuery({ agency: id, cursor: null })} />
        <label class="inline">Tìm<input type="search" value={words} maxLength={100} onChange={(e) => setQuery({ tim: e.currentTarget.value.trim(), cursor: null })} /></label>
      </div>
      <Shown of={loaded}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="note" title="Không có tin báo nào"><p>Tin báo đến từ biểu mẫu công khai, từ người đã đăng nhập, hoặc do trực ban ghi khi có người gọi.</p></Blank>
        ) : (
          <>
            <table class="cards" data-testid="reports-table">
              <thead><tr><th>Tin báo</th><th>Cơ quan</th><th>Nhận lúc (+07)</th><th>Kênh</th><th>Trạng thái</th></tr></thead>
              <tbody>
                {items.map((r) => (
                  <tr key={r.id} data-row tabIndex={-1} data-testid="report-row" data-id={r.id}>
                    <td data-label="Tin báo" class="grow"><a data-primary href={`/tin-bao/${encodeURIComponent(r.id)}`}>{inert(r.title)}</a>
                      {(r.about === 'risk' || r.exercise) && <p class="tags">{r.about === 'risk' && <span>{reportAbout.risk}</span>}{r.exercise && <span>Diễn tập</span>}</p>}</td>
                    <td data-label="Cơ quan">{r.agency_name}</td>
                    <td data-label="Nhận lúc"><When at={r.received_at} /></td>
                    <td data-label="Kênh">{reportChannels[r.channel]}</td>
                    <td data-label="Trạng thái"><ReportState state={r.state} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {typing && <Typing onClose={() => setTyping(false)} />}
    </>
  );
}
