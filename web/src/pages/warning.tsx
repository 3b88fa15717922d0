// SPDX-License-Identifier: Apache-2.0
// One warning: read it, say that it was read and what was done; the sender sees who is silent.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import { session } from '../app/session';
import { changes } from '../app/stream';
import type { WarningDetail, WarningReceipt } from '../api/types';
import { dateText } from '../text/format';
import { tlpWords } from '../text/words';
import { tell } from '../ui/announce';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { ReceiptMark, warningKinds } from './warnings';
import '../styles/province.css';

function Own({ w, receipt, onDone }: { w: WarningDetail; receipt: WarningReceipt; onDone: (w: WarningDetail) => void }) {
  const [problem, setProblem] = useState('');
  const staff = session.value!.user.role === 'staff';
  const send = async (measures: string): Promise<void> => {
    try {
      onDone(await post('/warnings/{id}/receipt', { path: { id: w.id }, body: { agency_id: receipt.agency_id, ...(measures ? { measures_taken: measures } : {}) } }));
      setProblem('');
      tell(measures ? 'Đã ghi biện pháp đã làm.' : 'Đã ghi nhận là đã đọc.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel" data-testid="own-receipt" data-state={receipt.state}>
      <h2>{staff ? 'Xác nhận đã đọc' : 'Đơn vị mình trả lời'}</h2>
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      <p><ReceiptMark state={receipt.state} silent={receipt.silent} /> <span class="muted">{receipt.agency_name}{receipt.readers > 0 && `, ${receipt.readers} người đã đọc`}</span></p>
      {receipt.read_by && <p class="muted">{inert(receipt.read_by)} đọc <When at={receipt.read_at} /></p>}
      {receipt.measures_taken && <p class="pre">{inert(receipt.measures_taken)} <span class="muted">{receipt.done_on && `(${dateText(receipt.done_on)})`}</span></p>}
      {(staff || receipt.state === 'none') && <p><Button kind={staff ? 'main' : ''} icon="check" onClick={() => void send('')} data-testid="warning-read">Tôi đã đọc</Button></p>}
      {!staff && (
        <form class="form" onSubmit={(e) => { e.preventDefault(); void send(String(new FormData(e.currentTarget).get('measures')).trim()); }}>
          <label>{receipt.state === 'done' ? 'Bổ sung biện pháp đã làm' : 'Biện pháp đã làm'}<span class="hint">Ví dụ: đã cài bản vá trên 12 máy, đã nhắc cán bộ không mở tệp lạ</span>
            <textarea name="measures" rows={3} required maxLength={4000} data-testid="warning-done-text" /></label>
          <Button kind="main" type="submit" data-testid="warning-done">Báo đã làm</Button>
        </form>
      )}
    </section>
  );
}

function Receipts({ w }: { w: WarningDetail }) {
  const silent = w.receipts.filter((r) => r.silent);
  return (
    <section class="panel receipts" aria-labelledby="receipts">
      <h2 id="receipts">{silent.length > 0 ? `${silent.length} đơn vị quá hạn chưa trả lời` : `${w.counts!.received}/${w.counts!.sent} đơn vị đã nhận`}</h2>
      {silent.length > 0 && <ul class="list silent" data-testid="silent-list">{silent.map((r) => <li key={r.agency_id}><Icon name="late" size={16} /> {r.agency_name}</li>)}</ul>}
      <table class="cards" data-testid="receipts-table">
        <thead><tr><th>Đơn vị</th><th>Tình hình</th><th>Người đọc</th><th>Đọc lúc</th><th>Biện pháp đã làm</th><th class="right">Số người đọc</th></tr></thead>
        <tbody>{w.receipts.map((r) => (
          <tr key={r.agency_id} data-row tabIndex={-1} data-id={r.agency_id}>
            <th scope="row" data-label="Đơn vị">{r.agency_name}</th>
            <td data-label="Tình hình"><ReceiptMark state={r.state} silent={r.silent} /></td>
            <td data-label="Người đọc">{inert(r.read_by ?? '')}</td>
            <td data-label="Đọc lúc">{r.read_at && <When at={r.read_at} />}</td>
            <td data-label="Biện pháp đã làm" class="room">{inert(r.measures_taken ?? '')}{r.done_on && <span class="muted"> {dateText(r.done_on)}</span>}</td>
            <td data-label="Số người đọc" class="right num">{r.readers}</td>
          </tr>
        ))}</tbody>
      </table>
    </section>
  );
}

export default function WarningPage({ id }: PageProps) {
  const loaded = useLoad((abort) => get('/warnings/{id}', { signal: abort, path: { id } }), [id]);
  useChange(changes.record.value, loaded.reload, 4000);
  return (
    <Shown of={loaded}>
      {(w) => (
        <>
          <p class="crumb"><a href="/thong-bao-nguy-co">Thông báo nguy cơ</a></p>
          <PageHead title={inert(w.title)} sub={<>{inert(w.issued_by || w.agency_name)}{w.issued_on && `, ngày ${dateText(w.issued_on)}`}, {w.kind.map((k) => warningKinds[k] ?? k).join(', ')}</>}>
            <Button icon="print" onClick={() => window.print()}>In</Button>
          </PageHead>
          <div class={w.own.length > 0 ? 'split' : ''}>
            <div>
              <section class="panel"><h2>Nội dung</h2><p class="pre prose" data-raw>{inert(w.text)}</p>
                <h3>Biện pháp cần làm</h3><p class="pre prose" data-raw>{inert(w.measures)}</p>
                {w.indicators && w.indicators.length > 0 && <><h3>Dấu hiệu nhận biết</h3><ul>{w.indicators.map((x) => <li key={x}><code>{inert(x)}</code></li>)}</ul></>}
                {w.tlp && <p><b>{w.tlp}</b>: {tlpWords[w.tlp]}</p>}
                <p class="muted">{w.reply_by ? `Trả lời chậm nhất ngày ${dateText(w.reply_by)}.` : 'Không đặt hạn trả lời.'}</p>
              </section>
            </div>
            {w.own.length > 0 && <aside>{w.own.map((r) => <Own key={r.agency_id} w={w} receipt={r} onDone={loaded.set} />)}</aside>}
          </div>
          {w.counts && <Receipts w={w} />}
        </>
      )}
    </Shown>
  );
}
