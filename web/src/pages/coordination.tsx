// SPDX-License-Identifier: Apache-2.0
// Phối hợp: what waits for the own body's answer, what it asked, and what is overdue.
import { useState } from 'preact/hooks';
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import { numberText } from '../text/format';
import { AskDrawer, RequestCard } from '../ui/coordination';
import { useChange, useLoad } from '../ui/load';
import { Button, Chip, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import '../styles/coordination.css';

const kTabs = [['', 'Chờ ta trả lời'], ['da-gui', 'Ta đã đề nghị'], ['qua-han', 'Quá hạn']] as const;

export default function CoordinationPage() {
  const tab = query.value.get('muc') ?? '';
  const [asking, setAsking] = useState(false);
  const loaded = useLoad((abort) => get('/coordination', { signal: abort }), []);
  useChange(changes.record.value, loaded.reload, 3000);
  const d = loaded.data;
  const counts: Record<string, number | undefined> = { '': d?.waiting_total, 'da-gui': d?.asked_total, 'qua-han': d?.overdue };
  return (
    <>
      <PageHead title="Phối hợp" sub={d && `${numberText(d.waiting_total)} đề nghị chờ trả lời, ${numberText(d.asked_total)} đề nghị đã gửi còn mở`}>
        {may('create:record') && <Button icon="note" kind="main" onClick={() => setAsking(true)} data-testid="ask-open">Gửi đề nghị</Button>}
      </PageHead>
      <div class="filters-row"><div class="chips" role="group" aria-label="Loại đề nghị">
        {kTabs.map(([id, word]) => <Chip key={id} pressed={tab === id} onClick={() => setQuery({ muc: id || null })} testid={`tab-${id || 'cho'}`}>{word} {counts[id] !== undefined && <span class="num">{numberText(counts[id]!)}</span>}</Chip>)}
      </div></div>
      <Shown of={loaded} rows={8}>
        {(k) => {
          const items = tab === 'da-gui' ? k.asked : tab === 'qua-han' ? [...k.waiting, ...k.asked].filter((r) => r.overdue) : k.waiting;
          return items.length === 0 ? <Blank icon="done" title="Không có đề nghị nào ở mục này"><p>Đề nghị gửi đến đơn vị của bạn tự hiện ở đây. Đề nghị về một sự cố thì gửi từ trang hồ sơ sự cố đó.</p></Blank>
            : <ul class="list requests" data-testid="requests">{items.map((r) => <RequestCard key={r.id} r={r} onChanged={loaded.reload} showCase />)}</ul>;
        }}
      </Shown>
      {asking && <AskDrawer onClose={() => setAsking(false)} onSent={loaded.reload} />}
    </>
  );
}
