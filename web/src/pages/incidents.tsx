// SPDX-License-Identifier: Apache-2.0
// Sự cố: the list, and opening one by hand.
import { useState } from 'preact/hooks';
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import { numberText } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { CaseBoard } from '../ui/case-board';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { OpenCase } from '../ui/open-case';
import { Button, Chip, ClockLine, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';

const kBoardMax = 200;  // what one answer holds

export default function Incidents() {
  const q = query.value;
  const status = (q.get('status') ?? '') as '' | 'open' | 'closed';
  const agency = q.get('agency') ?? '';
  const cursor = q.get('cursor') ?? '';
  const words = q.get('tim') ?? '';
  const exercise = q.get('dien-tap') === '1';
  const byDue = q.get('xep') === 'han';
  const board = q.get('kieu') === 'bang';
  const filtered = Boolean(status || agency || words || byDue);
  const [opening, setOpening] = useState(false);
  const loaded = useLoad((abort) => get('/incidents', { signal: abort, query: {
    status: byDue || board ? 'open' : status || undefined, agency, cursor: board ? '' : cursor, limit: board ? kBoardMax : undefined, q: words || undefined, exercise: exercise || undefined, order: board ? 'urgent' : byDue ? 'due' : undefined } }), [status, agency, cursor, words, exercise, byDue, board]);
  useChange(changes.incident.value, loaded.reload, 4000);
  return (
    <>
      <PageHead title="Sự cố" sub={loaded.data && `${numberText(loaded.data.total)} hồ sơ`}>
        {may('create:incident') && <Button kind="main" icon="plus" onClick={() => setOpening(true)} data-testid="new-incident">Mở hồ sơ</Button>}
      </PageHead>
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Trạng thái">
          {([['', 'Tất cả'], ['open', 'Đang xử lý'], ['closed', 'Đã đóng']] as const).map(([value, word]) => (
            <Chip key={value} pressed={status === value} onClick={() => setQuery({ status: value, cursor: null })}>{word}</Chip>
          ))}
        </div>
        <Chip pressed={board} onClick={() => setQuery({ kieu: board ? null : 'bang', cursor: null })}>Bảng theo bước</Chip>
        <Chip pressed={byDue} onClick={() => setQuery({ xep: byDue ? null : 'han', status: null, cursor: null })}>Gần hạn trước</Chip>
        <Chip pressed={exercise} onClick={() => setQuery({ 'dien-tap': exercise ? null : '1', cursor: null })}>Diễn tập</Chip>
        <AgencySelect value={agency} onChange={(id) => setQuery({ agency: id, cursor: null })} />
        <label class="inline">Tìm<input type="search" value={words} maxLength={100} onChange={(e) => setQuery({ tim: e.currentTarget.value.trim(), cursor: null })} data-testid="incident-search" /></label>
      </div>
      {exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Các hồ sơ dưới đây không phải việc thật.</p>}
      <Shown of={loaded}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="incident" title="Không có hồ sơ sự cố nào"><p>{filtered ? 'Thử bỏ bớt điều kiện lọc.' : may('create:incident') ? 'Hồ sơ được mở từ một cảnh báo, hoặc bằng tay khi có người báo.' : 'Khi có sự cố mà đơn vị của anh chị được mời phối hợp, hồ sơ sẽ hiện ở đây.'}</p>
            {filtered ? <Button onClick={() => setQuery({ status: null, agency: null, tim: null, xep: null, cursor: null })}>Xem tất cả</Button> : may('read:alert') && <a href="/canh-bao">Xem cảnh báo</a>}</Blank>
        ) : board ? (
          <>
            {loaded.data!.total > kBoardMax && <p class="muted" data-testid="board-rest">Bảng hiện {kBoardMax} hồ sơ gần hạn nhất, còn {numberText(loaded.data!.total - kBoardMax)} hồ sơ không hiện; lọc theo cơ quan để thấy.</p>}
            <CaseBoard cases={items} />
          </>
        ) : (
          <>
            <table class="cards" data-testid="incidents-table">
              <thead><tr><th>Sự cố</th><th>Cơ quan</th><th>Mở lúc (+07)</th><th>Tiến độ</th><th>Hạn</th></tr></thead>
              <tbody>
                {items.map((c) => (
                  <tr key={c.id} data-row tabIndex={-1} data-testid="incident-row" data-id={c.id}>
                    <td data-label="Sự cố" class="grow"><a data-primary href={`/su-co/${encodeURIComponent(c.id)}`}>{c.title}</a></td>
                    <td data-label="Cơ quan">{c.agency_name}</td>
                    <td data-label="Mở lúc"><When at={c.opened_at} /></td>
                    <td data-label="Tiến độ">{c.status === 'closed' ? 'Đã đóng' : <><span class="num">{c.steps_done}/{c.steps_total}</span> {c.current_step ?? 'chờ đóng hồ sơ'}</>}</td>
                    <td data-label="Hạn">{c.status === 'open' && c.clocks?.map((clock) => <ClockLine key={clock.label} clock={clock} />)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {opening && <OpenCase onClose={() => setOpening(false)} />}
    </>
  );
}
