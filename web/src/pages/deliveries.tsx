// SPDX-License-Identifier: Apache-2.0
// Thông báo đã gửi: who was told, by which way, and what did not arrive; sending again, the list of calls, a test to oneself.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Deliveries, Delivery, NoticeChoice } from '../api/types';
import { numberText } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { tell } from '../ui/announce';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { recordLink } from '../ui/record-link';
import '../styles/deliveries.css';

const kStates: Record<Delivery['state'], [string, IconName, string]> = {
  waiting: ['đang chờ gửi', 'clock', 's-due'], sending: ['đang gửi', 'right', 's-due'], failed: ['chưa được, sẽ gửi lại', 'clock', 's-overdue'],
  sent: ['đã gửi', 'check', 's-attested'], read: ['đã đọc', 'done', 's-met'], answered: ['đã xác nhận', 'done', 's-met'], dead: ['không gửi được', 'cross', 's-violated'],
};
const kWays: Record<Delivery['channel'], string> = { portal: 'Trên hệ thống', mail: 'Thư điện tử', sms: 'Tin nhắn SMS', zalo: 'Zalo', phone: 'Gọi điện' };
const kEnds: Record<NonNullable<Delivery['end']>, string> = {
  accepted: 'Máy chủ nhận đã nhận', refused: 'Nơi nhận từ chối', put_off: 'Nơi nhận hẹn gửi lại', unreachable: 'Không gửi được qua máy chủ',
  unsure: 'Mất kết nối khi vừa gửi xong', answered: 'Có người nghe máy', no_answer: 'Không ai nghe máy', wrong_number: 'Sai số', not_needed: 'Không cần gọi nữa',
  undelivered: 'Cổng tin nhắn báo không đến được máy',
};
const kNotices: Record<string, string> = { reminder: 'Lời nhắc việc', test: 'Gửi thử' };
const kViews: [string, string][] = [['', 'Tất cả'], ['dead', 'Không gửi được'], ['waiting,sending,failed', 'Đang chờ'], ['sent', 'Đã gửi'], ['read,answered', 'Đã đọc, đã xác nhận']];
const kOutcomes = [['answered', 'Có người nghe'], ['no_answer', 'Không ai nghe'], ['wrong_number', 'Sai số'], ['not_needed', 'Không cần gọi nữa']] as const;

function stateText(d: Delivery): string {
  if (d.channel !== 'phone') return kStates[d.state][0];
  return { waiting: 'chờ gọi', sending: 'chờ gọi', failed: 'chưa ai nghe, gọi lại', sent: 'đã gọi', read: 'đã gọi', answered: 'đã nghe', dead: d.end === 'not_needed' ? 'không cần gọi' : 'không gọi được' }[d.state];
}

function StateMark({ d }: { d: Delivery }) {
  const [, icon, tone] = kStates[d.state];
  return <span class={`status ${tone}`} data-state={d.state}><Icon name={icon} size={16} /><span>{stateText(d)}</span></span>;
}

const subjectOf = (d: Delivery): string => kNotices[d.notice ?? ''] ?? ((d.subject ?? '').replace(/^Phên Dậu: /, '') || 'Thông báo');

function Reason({ d }: { d: Delivery }) {
  if (d.receipt === 'delivered') return <div class="small muted">Cổng tin nhắn báo đã đến máy, <When at={d.receipt_at} /></div>;
  if (!d.end || d.end === 'accepted') return null;
  return <div class="small muted">{kEnds[d.end]}{d.answer && d.channel !== 'phone' && <>: <span class="wrap-anywhere">{inert(d.answer)}</span></>}</div>;
}

function Call({ id, onDone }: { id: string; onDone: (d: Delivery) => void }) {
  const [problem, setProblem] = useState('');
  const [outcome, setOutcome] = useState<(typeof kOutcomes)[number][0] | ''>('');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!outcome) return setProblem('Chọn kết quả cuộc gọi.');
    try {
      onDone(await post('/deliveries/{id}/call', { path: { id }, body: { outcome, note: String(new FormData(event.currentTarget as HTMLFormElement).get('note') ?? '').trim() } }));
      tell('Đã ghi cuộc gọi.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <form class="form" onSubmit={(e) => void send(e)} data-testid="call-form">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <fieldset><legend>Kết quả cuộc gọi</legend>
        {kOutcomes.map(([value, word]) => <label class="check" key={value}><input type="radio" name="outcome" checked={outcome === value} onChange={() => setOutcome(value)} data-testid={`call-${value}`} /> {word}</label>)}
      </fieldset>
      <label>Ghi chú <span class="muted">(nếu có)</span><span class="hint">Ví dụ: gặp anh Nam, đã báo, hẹn trả lời trước 16 giờ</span><textarea name="note" rows={2} maxLength={1000} /></label>
      <Button kind="main" type="submit" data-testid="call-save">Ghi cuộc gọi</Button>
    </form>
  );
}

function Details({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
  const loaded = useLoad((abort) => get('/deliveries/{id}', { path: { id }, signal: abort }), [id]);
  const [problem, setProblem] = useState('');
  const done = (d: Delivery): void => {
    setProblem('');
    loaded.reload();
    onChanged();
    void d;
  };
  const act = async (what: '/deliveries/{id}/resend' | '/deliveries/{id}/confirm', said: string): Promise<void> => {
    try {
      done(await post(what, { path: { id } }));
      tell(said);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Thông báo đã gửi" onClose={onClose} testid="delivery-drawer">
      <Shown of={loaded} rows={6}>{(d) => {
        const link = recordLink(d.about);
        const mine = session.value!.user.agency_ids.includes(d.agency_id) || d.to_user === session.value!.user.username;
        return (
          <div class="delivery">
            {problem && <p class="form-problem" role="alert">{problem}</p>}
            <p><StateMark d={d} /></p>
            <Reason d={d} />
            {d.twice && <p class="muted">Có thể người nhận đã nhận hai lần.</p>}
            <dl class="pairs">
              <div><dt>Người nhận</dt><dd>{inert(d.name || d.to_user || '')}{d.agency_name && <span class="muted">, {d.agency_name}</span>}</dd></div>
              <div><dt>Cách gửi</dt><dd>{kWays[d.channel]}{d.address && <>: <span class="num wrap-anywhere">{inert(d.address)}</span></>}</dd></div>
              <div><dt>Lập lúc</dt><dd><When at={d.at} /></dd></div>
              {d.sent_at && <div><dt>{d.channel === 'phone' ? 'Gọi được lúc' : 'Gửi lúc'}</dt><dd><When at={d.sent_at} /></dd></div>}
              {d.read_at && <div><dt>Đọc lúc</dt><dd><When at={d.read_at} /></dd></div>}
              {d.answered_at && <div><dt>Xác nhận</dt><dd>{inert(d.answered_by ?? '')}, <When at={d.answered_at} /></dd></div>}
              {d.next_at && (d.state === 'failed' || d.state === 'waiting') && <div><dt>Gửi lại lúc</dt><dd><When at={d.next_at} /></dd></div>}
              {d.tries !== undefined && d.tries > 0 && <div><dt>{d.channel === 'phone' ? 'Số lần gọi' : 'Số lần gửi'}</dt><dd class="num">{d.tries}</dd></div>}
            </dl>
            {link && <p><a href={link}>Xem việc này</a></p>}
            <div class="row-actions">
              {d.may_resend && may('update:record') && <Button kind={d.state === 'dead' ? 'main' : ''} icon="reopen" onClick={() => void act('/deliveries/{id}/resend', 'Đang gửi lại.')} data-testid="resend">{d.state === 'dead' ? 'Gửi lại' : 'Gửi ngay'}</Button>}
              {mine && may('update:record') && (d.state === 'sent' || d.state === 'read') && <Button icon="check" onClick={() => void act('/deliveries/{id}/confirm', 'Đã xác nhận.')} data-testid="confirm">Xác nhận đã nhận</Button>}
            </div>
            {d.may_resend && d.state === 'dead' && <p class="muted">Gửi lại dùng địa chỉ đang ghi trong sổ; nếu địa chỉ sai, sửa trong sổ trước.</p>}
            <h3>Nội dung</h3>
            <p><b>{inert(d.subject || subjectOf(d))}</b></p>
            <p class="pre wrap-anywhere">{inert(d.text ?? '')}</p>
            {d.may_call && may('update:record') && <><h3>Ghi cuộc gọi</h3><Call id={d.id} onDone={done} /></>}
            {(d.calls?.length ?? 0) > 0 && <><h3>Các lần gọi</h3><ul class="plain">{d.calls!.map((c) => (
              <li key={c.at}><When at={c.at} /> {inert(c.by_name ?? c.by ?? '')}: {kEnds[c.outcome!].toLowerCase()}{c.note && <>. {inert(c.note)}</>}</li>))}</ul></>}
            <h3>Diễn biến</h3>
            <ul class="plain">{(d.history ?? []).map((h, i) => (
              <li key={i}><When at={h.at} seconds /> {stateText({ ...d, state: h.state as Delivery['state'] })}{h.by && h.by !== 'system' && <span class="muted">, {inert(h.by)}</span>}</li>))}</ul>
          </div>
        );
      }}</Shown>
    </Drawer>
  );
}

function Choice({ onClose }: { onClose: () => void }) {
  const loaded = useLoad((abort) => get('/account/notices', { signal: abort }), []);
  const [problem, setProblem] = useState('');
  const fail = (cause: unknown): void => setProblem(problemFrom(cause).text);
  const save = async (form: HTMLFormElement): Promise<NoticeChoice | null> => {
    const data = new FormData(form);
    try {
      const kept = await post('/account/notices', { body: { email: String(data.get('email') ?? ''), phone: String(data.get('phone') ?? ''), ways: data.getAll('way') as NoticeChoice['ways'] } });
      loaded.set(kept);
      setProblem('');
      return kept;
    } catch (cause) {
      fail(cause);
      return null;
    }
  };
  const test = async (form: HTMLFormElement, channel: NoticeChoice['ways'][number]): Promise<void> => {
    if (!await save(form)) return;
    try {
      await post('/account/notices/test', { body: { channel } });
      tell('Đang gửi thử. Kết quả hiện trong danh sách.');
    } catch (cause) {
      fail(cause);
    }
  };
  return (
    <Drawer title="Cách nhận thông báo" onClose={onClose} testid="choice-drawer">
      <Shown of={loaded} rows={4}>{(c) => (
        <form class="form" onSubmit={(e) => { e.preventDefault(); void save(e.currentTarget).then((kept) => kept && tell('Đã lưu.')); }}>
          {problem && <p class="form-problem" role="alert">{problem}</p>}
          <p class="muted">Thông báo luôn hiện ở chuông trên hệ thống. Chọn thêm cách khác nếu muốn.</p>
          <label>Thư điện tử<input name="email" type="email" defaultValue={c.email} maxLength={254} data-testid="choice-email" /></label>
          <label>Số điện thoại<span class="hint">Ví dụ: 0912 345 678</span><input name="phone" type="tel" defaultValue={c.phone} maxLength={40} data-testid="choice-phone" /></label>
          {c.available.length === 0 ? <p>Máy chủ chưa được nối với máy chủ thư hoặc cổng tin nhắn. Người quản trị đặt việc này.</p> : (
            <fieldset><legend>Gửi thêm bằng</legend>{c.available.map((way) => (
              <div class="row-actions" key={way}>
                <label class="check"><input type="checkbox" name="way" value={way} defaultChecked={c.ways.includes(way)} data-testid={`choice-${way}`} /> {kWays[way]}</label>
                <Button kind="text" onClick={(e) => void test(e.currentTarget.form!, way)} data-testid={`test-${way}`}>Gửi thử cho tôi</Button>
              </div>))}</fieldset>)}
          <Button kind="main" type="submit" data-testid="choice-save">Lưu</Button>
        </form>)}
      </Shown>
    </Drawer>
  );
}

function Rows({ page, onOpen }: { page: Deliveries; onOpen: (id: string) => void }) {
  return (
    <table class="cards" data-testid="deliveries-table">
      <thead><tr><th>Thông báo</th><th>Người nhận</th><th>Cách gửi</th><th>Lập lúc</th><th>Tình hình</th></tr></thead>
      <tbody>{page.items.map((d) => (
        <tr key={d.id} data-row tabIndex={-1} data-testid="delivery-row" data-id={d.id}>
          <td data-label="Thông báo"><button type="button" class="text" data-primary onClick={() => onOpen(d.id)}>{inert(subjectOf(d))}</button></td>
          <td data-label="Người nhận">{inert(d.name || d.to_user || '')}<div class="small muted">{d.agency_name}</div></td>
          <td data-label="Cách gửi">{kWays[d.channel]}{d.address && <div class="small muted num wrap-anywhere">{inert(d.address)}</div>}</td>
          <td data-label="Lập lúc" class="nowrap"><When at={d.at} /></td>
          <td data-label="Tình hình"><StateMark d={d} />{d.twice && <div class="small muted">có thể nhận hai lần</div>}<Reason d={d} /></td>
        </tr>))}</tbody>
    </table>
  );
}

export default function DeliveriesPage() {
  const q = query.value;
  const state = q.get('tt') ?? '';
  const channel = q.get('cach') ?? '';
  const agency = q.get('co-quan') ?? '';
  const cursor = q.get('cursor') ?? '';
  const [open, setOpen] = useState<string | null>(null);
  const [choosing, setChoosing] = useState(false);
  const loaded = useLoad((abort) => get('/deliveries', { signal: abort, query: { state, channel, agency, cursor } }), [state, channel, agency, cursor]);
  useChange(changes.delivery.value, loaded.reload, 3000);
  const dead = loaded.data?.dead ?? 0;
  return (
    <>
      <PageHead title="Thông báo đã gửi" sub={loaded.data && <>{numberText(loaded.data.total)} thông báo{dead > 0 && <>, <b class="status s-violated">{numberText(dead)} không gửi được</b></>}</>}>
        <Button onClick={() => setChoosing(true)} data-testid="notice-choice">Cách nhận thông báo của tôi</Button>
      </PageHead>
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Tình hình">
          {kViews.map(([value, word]) => <Chip key={value} pressed={state === value} onClick={() => setQuery({ tt: value || null, cursor: null })} testid={`state-${value || 'all'}`}>{word}</Chip>)}
        </div>
        <label class="inline">Cách gửi <select value={channel} onChange={(e) => setQuery({ cach: e.currentTarget.value || null, cursor: null })} data-testid="channel">
          <option value="">Mọi cách</option>{Object.entries(kWays).map(([id, word]) => <option key={id} value={id}>{word}</option>)}</select></label>
        <AgencySelect value={agency} onChange={(id) => setQuery({ 'co-quan': id || null, cursor: null })} />
        <Chip pressed={channel === 'phone' && state === 'waiting,sending,failed'} onClick={() => setQuery({ cach: 'phone', tt: 'waiting,sending,failed', cursor: null })} testid="phone-list">Danh sách gọi</Chip>
      </div>
      <Shown of={loaded} rows={8}>
        {(page) => page.items.length === 0 ? (
          <Blank icon="note" title={state === 'dead' ? 'Không có thông báo nào bị kẹt' : 'Chưa có thông báo nào'}><p>{state || channel || agency ? 'Bỏ bớt điều kiện lọc để xem các thông báo khác.' : 'Thông báo gửi đi sẽ tự hiện ở đây.'}</p></Blank>
        ) : <><Rows page={page} onOpen={setOpen} /><NextPage cursor={page.next_cursor} /></>}
      </Shown>
      {open && <Details id={open} onClose={() => setOpen(null)} onChanged={loaded.reload} />}
      {choosing && <Choice onClose={() => setChoosing(false)} />}
    </>
  );
}
