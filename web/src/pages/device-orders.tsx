// SPDX-License-Identifier: Apache-2.0
// The part of a machine's page about orders: cutting it off, putting it back, what was ordered and what became of it.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { query } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { DeviceDetail, Order, OrderInput, StaysUp } from '../api/types';
import { bytesText, numberText } from '../text/format';
import { orderStateWords, orderWords } from '../text/words';
import { tell } from '../ui/announce';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { PaperLink } from '../ui/paper-link';
import { Button, Drawer, When } from '../ui/parts';
import { Shown } from '../ui/states';
import '../styles/orders.css';

const kStaysUpMax = 32;
const kIcons: Record<Order['state'], IconName> = { waiting: 'clock', handed_out: 'clock', done: 'done', failed: 'late', cancelled: 'skip', expired: 'late' };
const kColours: Record<Order['state'], string> = { waiting: 's-due', handed_out: 's-due', done: 's-met', failed: 's-overdue', cancelled: 's-no_occasion', expired: 's-overdue' };
export type Given = 'isolate' | 'release' | 'collect';
const kGiven: Record<Given, { title: string; button: string }> = {
  isolate: { title: 'Cách ly máy khỏi mạng', button: 'Cắt mạng máy này' },
  release: { title: 'Bỏ cách ly máy', button: 'Bỏ cách ly' },
  collect: { title: 'Thu thập chứng cứ từ máy', button: 'Thu thập' },
};
const kDirections: Record<StaysUp['direction'], string> = { in: 'Gọi vào máy này', out: 'Máy này gọi ra' };

const isOpen = (order: Order): boolean => order.state === 'waiting' || order.state === 'handed_out';

/** One connection that stays, as people say it. */
function connectionText(one: StaysUp): string {
  const port = `cổng ${one.port} ${one.protocol.toUpperCase()}`;
  return one.direction === 'in' ? `${one.network} gọi vào ${port} của máy này` : `máy này gọi ra ${one.network}, ${port}`;
}

function StaysUpRows({ rows, setRows }: { rows: StaysUp[]; setRows: (rows: StaysUp[]) => void }) {
  const change = (at: number, part: Partial<StaysUp>): void => setRows(rows.map((row, i) => (i === at ? { ...row, ...part } : row)));
  return (
    <fieldset class="stays-up">
      <legend>Kết nối được giữ</legend>
      <p class="hint">Máy luôn liên lạc được với máy chủ Phên Dậu. Chỉ thêm kết nối mà dịch vụ công phải có.</p>
      {rows.map((row, i) => (
        <div class="stays-up-row" key={i} data-testid="stays-up-row">
          <label>Hướng<select value={row.direction} onChange={(e) => change(i, { direction: e.currentTarget.value as StaysUp['direction'] })}>
            {Object.entries(kDirections).map(([value, word]) => <option key={value} value={value}>{word}</option>)}</select></label>
          <label>Địa chỉ, dải mạng<input required value={row.network} maxLength={50} placeholder="10.10.5.0/24" onInput={(e) => change(i, { network: e.currentTarget.value })} data-testid="stays-up-network" /></label>
          <label>Cổng<input required type="number" min={1} max={65535} value={row.port || ''} onInput={(e) => change(i, { port: Number(e.currentTarget.value) })} data-testid="stays-up-port" /></label>
          <label>Giao thức<select value={row.protocol} onChange={(e) => change(i, { protocol: e.currentTarget.value as StaysUp['protocol'] })}><option value="tcp">TCP</option><option value="udp">UDP</option></select></label>
          <Button kind="bare" icon="close" aria-label={`Bỏ kết nối ${i + 1}`} title="Bỏ kết nối này" onClick={() => setRows(rows.filter((_, k) => k !== i))} />
        </div>
      ))}
      {rows.length < kStaysUpMax && <Button icon="plus" onClick={() => setRows([...rows, { direction: 'in', network: '', port: 0, protocol: 'tcp' }])} data-testid="stays-up-add">Thêm kết nối</Button>}
    </fieldset>
  );
}

/** What a case proposes: words of its form, and which of its effects asks for the order. */
export interface Proposal {
  case_id: string;
  effect: string;
  ordered_by: string;
  weighed: string;
  reason: string;
}

export interface GiveProps {
  device: { id: string; status?: DeviceDetail['status'] };
  order: Given;
  proposal?: Proposal;
  onClose: () => void;
  onDone: () => void;
}

export function Give({ device, order, proposal, onClose, onDone }: GiveProps) {
  const [problem, setProblem] = useState('');
  const [rows, setRows] = useState<StaysUp[]>([]);
  const [drill, setDrill] = useState(false);  // the hub said that the case is an exercise
  const isolates = order === 'isolate';
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const typed = (name: string): string => String(data.get(name) ?? '');
    const body: OrderInput = { order, ordered_by: typed('ordered_by'), reason: typed('reason') };
    const incident = proposal?.case_id ?? query.value.get('case'); // a case's page leads here with its id
    if (incident) body.case_id = incident;
    if (proposal) body.effect = proposal.effect;
    if (isolates) Object.assign(body, { weighed: typed('weighed'), stays_up: rows });
    if (data.has('exercise_confirmed')) body.exercise_confirmed = true;
    try {
      await post('/devices/{id}/orders', { path: { id: device.id }, body });
      tell('Đã ra lệnh. Máy nhận lệnh ở lần liên lạc tới.');
      onDone();
      onClose();
    } catch (cause) {
      const found = problemFrom(cause);
      if (isolates && incident && found.code === 'conflict') setDrill(true);
      setProblem(found.text);
    }
  };
  return (
    <Drawer title={kGiven[order].title} onClose={onClose} testid="order-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        {isolates && (
          <p class="note-line" data-testid="cut-not-off"><b>Cắt mạng, KHÔNG tắt nguồn.</b> Tắt máy làm mất chứng cứ trong bộ nhớ. Máy vẫn chạy, chỉ còn liên lạc với máy chủ Phên Dậu và những kết nối ghi dưới đây. Có thể bỏ cách ly bất cứ lúc nào.</p>
        )}
        {order === 'release' && <p>Máy trở lại mạng như trước khi cách ly. Chỉ bỏ cách ly khi đã xử lý xong nguyên nhân.</p>}
        {order === 'collect' && <p>Máy gửi về máy chủ: kết nối mạng, tiến trình, nhân hệ điều hành, đăng nhập, danh sách tệp tạm, nhật ký, cấu hình, gói phần mềm; thứ dễ mất lấy trước. Không lấy tài liệu của người dùng, mật khẩu và khóa. Ảnh bộ nhớ và ổ đĩa phải sao riêng.</p>}
        {device.status && device.status !== 'online' && <p class="note-line">Máy đang không liên lạc. Lệnh chờ đến khi máy liên lạc lại{isolates && ', vì vậy hãy rút dây mạng tại chỗ nếu cần ngay'}.</p>}
        <label>Người có thẩm quyền ra lệnh<span class="hint">Họ tên, chức vụ. Ví dụ: ông Lò Văn An, Giám đốc Sở</span><input name="ordered_by" required maxLength={300} defaultValue={proposal?.ordered_by} data-testid="order-by" /></label>
        <label>Lý do<textarea name="reason" rows={3} required maxLength={2000} defaultValue={proposal?.reason} data-testid="order-reason" /></label>
        {isolates && (
          <>
            <label>Dịch vụ phải giữ, đã cân nhắc<span class="hint">Ai dùng máy này, dịch vụ nào ngừng thì gây hại. Không có thì ghi rõ là không có</span><textarea name="weighed" rows={3} required maxLength={2000} defaultValue={proposal?.weighed} data-testid="order-weighed" /></label>
            <StaysUpRows rows={rows} setRows={setRows} />
            {drill && <label class="check"><input type="checkbox" name="exercise_confirmed" required data-testid="order-drill" /> Đây là diễn tập, và vẫn cắt mạng máy thật này</label>}
          </>
        )}
        <Button kind={isolates ? 'danger' : 'main'} type="submit" data-testid="order-send">{kGiven[order].button}</Button>
      </form>
    </Drawer>
  );
}

function Cancel({ order, onClose, onDone }: { order: Order; onClose: () => void; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await post('/orders/{id}/cancel', { path: { id: order.id }, body: { reason: String(new FormData(event.currentTarget as HTMLFormElement).get('reason')) } });
      tell('Đã hủy lệnh.');
      onDone();
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Hủy lệnh đang chờ" onClose={onClose} testid="order-cancel-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Lý do<textarea name="reason" rows={3} required maxLength={2000} data-testid="order-cancel-reason" /></label>
        <Button kind="danger" type="submit" data-testid="order-cancel-send">Hủy lệnh</Button>
      </form>
    </Drawer>
  );
}

function OrderRow({ order, onCancel }: { order: Order; onCancel: () => void }) {
  return (
    <li class="order" data-row tabIndex={-1} data-testid="order-row" data-state={order.state}>
      <p><b>{orderWords[order.order]}</b>{order.at_console && ' (làm tại máy)'}{order.exercise && <> <span class="tag">diễn tập</span></>} <span class={`status ${kColours[order.state]}`}><Icon name={kIcons[order.state]} size={16} /><span>{orderStateWords[order.state]}</span></span></p>
      {order.outcome_text && <p class="note-line">{inert(order.outcome_text)}</p>}
      {order.cancel_reason && <p class="muted">Hủy vì: {inert(order.cancel_reason)}</p>}
      <dl class="pairs">
        <div><dt>{order.at_console ? 'Người làm' : 'Người ra lệnh'}</dt><dd>{inert(order.ordered_by)}{order.issued_by && <span class="muted">, lập lệnh: {inert(order.issued_by)}</span>}</dd></div>
        <div><dt>Lý do</dt><dd>{inert(order.reason)}</dd></div>
        {order.weighed && <div><dt>Dịch vụ phải giữ</dt><dd>{inert(order.weighed)}</dd></div>}
        {order.stays_up.length > 0 && <div><dt>Kết nối được giữ</dt><dd>{order.stays_up.map((one, i) => <span key={i} class="block">{connectionText(one)}</span>)}</dd></div>}
        {order.files.length > 0 && <div><dt>Tệp thu được</dt><dd>{order.files.map((f) => (
          <span key={f.number} class="block">{inert(f.name)} <span class="muted">{bytesText(f.size_bytes)}{f.refused ? ', không giữ vì có dấu bí mật nhà nước' : <>, SHA-256 <span class="mono" title={f.sha256}>{f.sha256.slice(0, 16)}…</span></>}{f.evidence_id && <>, <a href={`/chung-cu/${encodeURIComponent(f.evidence_id)}`}>chứng cứ</a></>}{f.problem && <>, chưa vào chứng cứ: {inert(f.problem)}</>}</span></span>))}</dd></div>}
        {order.case_id && <div><dt>Hồ sơ sự cố</dt><dd><a href={`/su-co/${encodeURIComponent(order.case_id)}`}>Mở hồ sơ</a></dd></div>}
        <div><dt>Lúc ra lệnh</dt><dd><When at={order.issued_at} seconds /></dd></div>
        {order.handed_out_at && <div><dt>Máy nhận lúc</dt><dd><When at={order.handed_out_at} seconds /></dd></div>}
        {order.finished_at && <div><dt>Có kết quả lúc</dt><dd><When at={order.finished_at} seconds /></dd></div>}
        {isOpen(order) && order.expires_at && <div><dt>Hết hạn lúc</dt><dd><When at={order.expires_at} /></dd></div>}
      </dl>
      {(order.order === 'isolate' || order.order === 'release') && <p><PaperLink record={`device_order/${order.id}`} label={order.order === 'isolate' ? 'Quyết định cách ly' : 'Quyết định bỏ cách ly'} /></p>}
      {order.state === 'waiting' && may('update:device') && <p class="row-actions"><Button onClick={onCancel} data-testid="order-cancel">Hủy lệnh</Button></p>}
    </li>
  );
}

/** @param onChanged the machine itself should be asked anew */
export function DeviceOrders({ device, onChanged }: { device: DeviceDetail; onChanged: () => void }) {
  const loaded = useLoad((abort) => get('/orders', { query: { device: device.id, limit: 20 }, signal: abort }), [device.id]);
  useChange(changes.device.value, loaded.reload, 2000);
  const [giving, setGiving] = useState<Given | null>(null);
  const [cancelling, setCancelling] = useState<Order | null>(null);
  const cut = device.isolation?.active ?? false;
  const cutting = (loaded.data?.items ?? []).some((o) => o.order === 'isolate' && isOpen(o));
  const mayGive = may('update:device') && device.status !== 'revoked';
  const done = (): void => { loaded.reload(); onChanged(); };
  return (
    <section class="panel" aria-labelledby="device-orders" data-testid="device-orders">
      <h2 id="device-orders">Cách ly và lệnh gửi máy</h2>
      {cut && <p class="note-line" data-testid="device-isolated"><b>Máy đang bị cách ly khỏi mạng</b>{device.isolation!.since && <> từ <When at={device.isolation!.since} /></>}. Giữ nguyên nguồn điện.
        {device.isolation!.reapplied_total > 0 && <> Luật chặn đã bị gỡ và được đặt lại {numberText(device.isolation!.reapplied_total)} lần.</>}</p>}
      {device.isolation?.problem && <p class="note-line">Không giữ được việc cách ly: {inert(device.isolation.problem)}</p>}
      {mayGive && (
        <p class="row-actions">
          {!cut && <Button kind="danger" icon="lock" onClick={() => setGiving('isolate')} data-testid="isolate">Cắt mạng</Button>}
          {(cut || cutting) && <Button onClick={() => setGiving('release')} data-testid="release">Bỏ cách ly</Button>}
          <Button onClick={() => setGiving('collect')} data-testid="collect">Thu thập chứng cứ</Button>
          {cut && <Button onClick={() => setGiving('isolate')} data-testid="isolate-again">Đổi kết nối được giữ</Button>}
        </p>
      )}
      <Shown of={loaded} rows={2}>
        {({ items }) => items.length === 0 ? <p class="muted">Chưa có lệnh nào.</p> : (
          <ul class="plain orders">{items.map((order) => <OrderRow key={order.id} order={order} onCancel={() => setCancelling(order)} />)}</ul>
        )}
      </Shown>
      {giving && <Give device={device} order={giving} onClose={() => setGiving(null)} onDone={done} />}
      {cancelling && <Cancel order={cancelling} onClose={() => setCancelling(null)} onDone={done} />}
    </section>
  );
}
