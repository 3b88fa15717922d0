// SPDX-License-Identifier: Apache-2.0
// Hàng đợi: one list of what somebody has to do now, most urgent first, whatever it is.
import { useState } from 'preact/hooks';
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { changes } from '../app/stream';
import type { QueueItem } from '../api/types';
import { plainTimes } from '../text/facts';
import { numberText, remainingText } from '../text/format';
import { entityText } from '../ui/entity';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad, useTick } from '../ui/load';
import { Chip, NewerBar, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { LevelMark } from '../ui/status';
import '../styles/province.css';

const kTypes: [QueueItem['type'], string, string][] = [
  ['incident', 'Sự cố', 'Xử lý sự cố'], ['alert', 'Cảnh báo', 'Xem cảnh báo'], ['request', 'Đề nghị', 'Cho ý kiến'],
  ['effect', 'Việc của hồ sơ', 'Ra lệnh, làm lại hoặc bỏ qua'], ['obligation', 'Nghĩa vụ', 'Nghĩa vụ quá hạn'], ['warning', 'Thông báo nguy cơ', 'Đơn vị chưa trả lời'],
];

function linkOf(item: QueueItem): string {
  const id = encodeURIComponent(item.id);
  switch (item.type) {
    case 'alert': return `/canh-bao/${id}`;
    case 'incident': return `/su-co/${id}`;
    case 'effect': return `/su-co/${encodeURIComponent(item.id.split('/')[0]!)}`;
    case 'request': return `/so-dang-ky/${item.kind}/${id}`;
    case 'warning': return `/thong-bao-nguy-co/${id}`;
    default: return `/nghia-vu?agency=${encodeURIComponent(item.agency_id)}`;
  }
}

function Row({ item, now }: { item: QueueItem; now: number }) {
  const overdue = item.overdue || (item.due_at !== null && Date.parse(item.due_at) < now);
  const [, word, act] = kTypes.find(([type]) => type === item.type)!;
  return (
    <tr data-row tabIndex={-1} data-testid="queue-row" data-id={`${item.type}/${item.id}`} data-type={item.type}>
      <td data-label="Hạn" class={`queue-due${overdue ? ' overdue' : ''}`}>
        {item.due_at ? <><Icon name={overdue ? 'late' : 'clock'} size={16} /> <span>{remainingText(item.due_at, now)}</span></> : <span class="muted">không có hạn</span>}
      </td>
      <td data-label="Mức"><LevelMark level={item.level} /></td>
      <td data-label="Loại" class="queue-kind">{item.kind_title ?? word}</td>
      <td data-label="Việc" class="grow"><a data-primary href={linkOf(item)}>{inert(item.title)}</a>
        <span class="muted entity">{item.type === 'alert' ? [entityText(item.entity ?? {}), item.detail ? `${inert(item.detail)} đã nhận` : 'chưa ai nhận'].filter(Boolean).join('; ') : inert(plainTimes(item.detail || act))}</span></td>
      <td data-label="Cơ quan">{item.agency_name ?? item.agency_id}</td>
      <td data-label="Từ lúc">{item.since ? <When at={item.since} ago /> : ''}</td>
    </tr>
  );
}

export default function QueuePage() {
  const type = query.value.get('loai') ?? '';
  const now = useTick();
  const moved = changes.alert.value + changes.incident.value + changes.record.value + changes.obligation.value;
  const [seen, setSeen] = useState(moved);
  const loaded = useLoad((abort) => get('/queue', { signal: abort, query: { type, limit: 200 } }), [type]);
  // An empty screen fills by itself; a list that is being read says that there is more.
  useChange(moved, () => { if (loaded.data?.items.length === 0) { setSeen(moved); loaded.reload(); } }, 4000);
  const all = Object.values(loaded.data?.counts ?? {}).reduce((n, x) => n + x, 0);
  return (
    <>
      <PageHead title="Hàng đợi" sub={loaded.data && `${numberText(all)} việc, gấp nhất ở trên`} />
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Loại việc">
          <Chip pressed={type === ''} onClick={() => setQuery({ loai: null })}>Tất cả</Chip>
          {kTypes.map(([id, word]) => (
            <Chip key={id} pressed={type === id} onClick={() => setQuery({ loai: id })} testid={`queue-${id}`}>{word} {loaded.data?.counts[id] !== undefined && <span class="num">{numberText(loaded.data.counts[id]!)}</span>}</Chip>
          ))}
        </div>
      </div>
      <NewerBar count={moved - seen} what="thay đổi" onShow={() => { setSeen(moved); loaded.reload(); }} />
      <Shown of={loaded} rows={12}>
        {({ items, more }) => items.length === 0 ? (
          <Blank icon="done" title="Không có việc nào đang chờ"><p>Cảnh báo mới, sự cố, đề nghị của các đơn vị sẽ tự hiện ở đây.</p></Blank>
        ) : (
          <>
            <table class="cards queue-table" data-testid="queue-table">
              <thead><tr><th>Hạn</th><th>Mức</th><th>Loại</th><th>Việc</th><th>Cơ quan</th><th>Từ lúc</th></tr></thead>
              <tbody>{items.map((item) => <Row key={`${item.type}/${item.id}`} item={item} now={now} />)}</tbody>
            </table>
            {more && <p class="muted">Còn việc ít gấp hơn chưa hiện; chọn một loại việc ở trên để xem.</p>}
          </>
        )}
      </Shown>
    </>
  );
}
