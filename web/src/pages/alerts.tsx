// SPDX-License-Identifier: Apache-2.0
// Cảnh báo: the list. Filters live in the address; new alerts wait behind a button until the reader asks for them.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { AlertStatus } from '../api/types';
import { numberText } from '../text/format';
import { alertStatusWords, levelOrder, levelWords } from '../text/words';
import { AgencySelect, agencyName } from '../ui/agencies';
import { tell } from '../ui/announce';
import { entityText } from '../ui/entity';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, Chip, NewerBar, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { LevelMark } from '../ui/status';
import '../styles/alerts.css';

const kStatusFilters: [string, string][] = [
  ['new,acknowledged', 'Chưa đóng'], ['new', 'Mới'], ['acknowledged', 'Đã tiếp nhận'], ['closed', 'Đã đóng'], ['', 'Tất cả'],
];

export default function Alerts() {
  const q = query.value;
  const status = q.get('status') ?? 'new,acknowledged';
  const levels = (q.get('level') ?? '').split(',').filter(Boolean);
  const agency = q.get('agency') ?? '';
  const rule = q.get('rule') ?? '';
  const cursor = q.get('cursor') ?? '';
  const [picked, setPicked] = useState<Set<string>>(new Set());
  const [seen, setSeen] = useState(changes.alert.value);
  const loaded = useLoad((abort) => get('/alerts', { signal: abort, query: {
    status: status === 'all' ? '' : status, level: levels.join(','), agency, rule, cursor } }), [status, q.get('level'), agency, rule, cursor]);
  const filter = (change: Record<string, string>): void => {
    setPicked(new Set());
    setQuery({ cursor: null, ...change });
  };
  const refresh = (): void => {
    setSeen(changes.alert.value);
    loaded.reload();
  };
  const triage = async (to: AlertStatus): Promise<void> => {
    let failed = 0;
    for (const id of picked) {
      try {
        await post('/alerts/{id}/triage', { path: { id }, body: { status: to } });
      } catch (cause) {
        failed += 1;
        if (failed === 1) tell(problemFrom(cause).text, true);
      }
    }
    if (failed === 0) tell(`Đã chuyển ${picked.size} cảnh báo sang "${alertStatusWords[to]}".`);
    setPicked(new Set());
    refresh();
  };
  const pick = (id: string): void => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const mayTriage = may('triage:alert');
  return (
    <>
      <PageHead title="Cảnh báo" sub={loaded.data && `${numberText(loaded.data.total)} cảnh báo`} />
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Trạng thái">
          {kStatusFilters.map(([value, word]) => (
            <Chip key={value} pressed={status === (value || 'all')} onClick={() => filter({ status: value || 'all' })}>{word}</Chip>
          ))}
        </div>
        <div class="chips" role="group" aria-label="Mức">
          {levelOrder.map((level) => (
            <Chip key={level} pressed={levels.includes(level)} onClick={() => filter({
              level: (levels.includes(level) ? levels.filter((l) => l !== level) : [...levels, level]).join(',') })}>{levelWords[level]}</Chip>
          ))}
        </div>
        <AgencySelect value={agency} onChange={(id) => filter({ agency: id })} />
        {rule && <Chip pressed onClick={() => filter({ rule: '' })}>Luật: {loaded.data?.items.find((a) => a.rule_id === rule)?.title ?? 'đã chọn'} ×</Chip>}
      </div>
      <NewerBar count={changes.alert.value - seen} what="cảnh báo" onShow={refresh} />
      {picked.size > 0 && (
        <div class="bulk" role="region" aria-label="Việc với các cảnh báo đã chọn">
          <span>{picked.size} cảnh báo đã chọn</span>
          <Button onClick={() => void triage('acknowledged')}>Tiếp nhận</Button>
          <Button onClick={() => void triage('closed')}>Đóng</Button>
          <Button kind="text" onClick={() => setPicked(new Set())}>Bỏ chọn</Button>
        </div>
      )}
      <Shown of={loaded} rows={12}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="alert" title="Không có cảnh báo nào khớp">
            <p>Luật phát hiện vẫn chạy trên mọi sự kiện đến; cảnh báo mới sẽ tự hiện ở đây.</p>
            {(levels.length > 0 || agency || rule || status !== 'all') && <Button onClick={() => filter({ status: 'all', level: '', agency: '', rule: '' })}>Xem tất cả cảnh báo</Button>}
          </Blank>
        ) : (
          <>
            <table class="cards alerts-table" data-testid="alerts-table">
              <thead><tr>
                {mayTriage && <th class="pick"><span class="sr-only">Chọn</span></th>}
                <th>Mức</th><th>Cảnh báo</th><th>Cơ quan</th><th>Máy</th><th class="right">Sự kiện</th><th>Lần cuối (+07)</th><th>Trạng thái</th>
              </tr></thead>
              <tbody>
                {items.map((a) => (
                  <tr key={a.id} data-row tabIndex={-1} data-testid="alert-row" data-id={a.id} data-rule={a.rule_id} class={a.status === 'new' ? 'fresh' : ''}>
                    {mayTriage && <td class="pick"><input type="checkbox" aria-label={`Chọn ${a.title}`} checked={picked.has(a.id)} onChange={() => pick(a.id)} /></td>}
                    <td data-label="Mức"><LevelMark level={a.level} /></td>
                    <td data-label="Cảnh báo" class="grow"><a data-primary data-testid="alert-link" href={`/canh-bao/${encodeURIComponent(a.id)}`}>{inert(a.title)}</a>
                      <span class="muted entity">{entityText(a.entity)}</span></td>
                    <td data-label="Cơ quan">{a.agency_name || agencyName(a.agency_id)}</td>
                    <td data-label="Máy" class="host">{inert(a.host)}</td>
                    <td data-label="Sự kiện" class="right num">{numberText(a.count)}</td>
                    <td data-label="Lần cuối"><When at={a.last_at} /></td>
                    <td data-label="Trạng thái">{alertStatusWords[a.status]}{a.case_id && <a class="small" href={`/su-co/${encodeURIComponent(a.case_id)}`}>hồ sơ sự cố</a>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p class="pager">
              {cursor && <Button icon="left" onClick={() => history.back()}>Trang trước</Button>}
              {next_cursor && <Button onClick={() => { setQuery({ cursor: next_cursor }); window.scrollTo(0, 0); }}>Trang sau</Button>}
            </p>
          </>
        )}
      </Shown>
    </>
  );
}
