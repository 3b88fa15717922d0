// SPDX-License-Identifier: Apache-2.0
// Nhật ký: search. The address holds query, time and columns, so that a link shows a colleague the same thing.
import { useMemo, useRef, useState } from 'preact/hooks';
import { address, get, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { LogEvent, SearchStats, ValueCount } from '../api/types';
import { bigNumberText, bytesText, numberText, parseTime, timeText } from '../text/format';
import { AgencySelect, useAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { EventDetail, isSaid, summaryOf, valuesOf } from '../ui/event';
import { inert } from '../ui/inert';
import { Icon } from '../ui/icon';
import { useLoad } from '../ui/load';
import { Button, Chip, NewerBar, PageHead, When } from '../ui/parts';
import { Blank, ProblemNote, Shown, Skeleton } from '../ui/states';
import { Histogram } from './histogram';
import { QueryBar } from './query-bar';
import { indexOfCharacter, withCondition, withoutFacts } from './query-text';
import '../styles/logs.css';

const kRanges: [string, string, number][] = [
  ['15m', '15 phút qua', 900], ['1h', '1 giờ qua', 3600], ['24h', '24 giờ qua', 86_400], ['7d', '7 ngày qua', 7 * 86_400],
  ['30d', '30 ngày qua', 30 * 86_400], ['all', 'Từ đầu đến nay', 0],
];
const kBuckets = 80;
const kEpoch = '1970-01-01T00:00:00Z';

interface Wish {
  q: string;
  from: string;
  to: string;
  agency: string;
}

function rangeOf(params: URLSearchParams, now: number): { from: string; to: string; name: string } {
  const from = params.get('from');
  const to = params.get('to');
  if (from && to) return { from, to, name: '' };
  const name = params.get('range') ?? '24h';
  const seconds = kRanges.find(([id]) => id === name)?.[2] ?? 86_400;
  return { name, from: seconds === 0 ? kEpoch : new Date(now - seconds * 1000).toISOString(), to: new Date(now + 60_000).toISOString() };
}

function CustomRange({ from, to, onSet }: { from: string; to: string; onSet: (from: string, to: string) => void }) {
  const [a, setA] = useState(timeText(from));
  const [b, setB] = useState(timeText(to));
  const submit = (event: Event): void => {
    event.preventDefault();
    const [x, y] = [parseTime(a), parseTime(b)];
    if (!x || !y) return tell('Điền ngày giờ dạng 24/07/2026 09:30.', true);
    if (Date.parse(x) >= Date.parse(y)) return tell('Giờ bắt đầu phải trước giờ kết thúc.', true);
    onSet(x, y);
  };
  return (
    <form class="custom-range" onSubmit={submit}>
      <label>Từ<input value={a} onInput={(e) => setA(e.currentTarget.value)} placeholder="dd/mm/yyyy hh:mm" data-testid="range-from" /></label>
      <label>Đến<input value={b} onInput={(e) => setB(e.currentTarget.value)} placeholder="dd/mm/yyyy hh:mm" data-testid="range-to" /></label>
      <Button type="submit">Áp dụng</Button>
    </form>
  );
}

function FieldRow({ field, wish, pinned, onPin, onFilter }: {
  field: ValueCount; wish: Wish; pinned: boolean; onPin: () => void; onFilter: (value: string, not: boolean) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="field-line">
        <button type="button" class="field-name" aria-expanded={open} onClick={() => setOpen(!open)} data-testid={`facet-${field.value}`}>
          <Icon name={open ? 'down' : 'right'} size={14} /><span class="mono">{inert(field.value)}</span>
          <span class="muted num">{bigNumberText(field.count)}</span>
        </button>
        <Button kind="bare" icon="column" aria-pressed={pinned} aria-label={pinned ? `Bỏ cột ${field.value}` : `Thêm cột ${field.value}`}
                title={pinned ? 'Bỏ khỏi bảng' : 'Thêm thành cột'} onClick={onPin} />
      </div>
      {open && <TopValues field={field.value} wish={wish} onFilter={onFilter} />}
    </li>
  );
}

function TopValues({ field, wish, onFilter }: { field: string; wish: Wish; onFilter: (value: string, not: boolean) => void }) {
  const loaded = useLoad((abort) => get('/events/top', { signal: abort, query: { ...wish, field, n: 8 } }), [field, JSON.stringify(wish)]);
  if (!loaded.data) return loaded.problem ? <p class="muted small">{loaded.problem.text}</p> : <Skeleton rows={2} />;
  const { items, with_field: all, distinct } = loaded.data;
  return (
    <ul class="values">
      {items.map((v) => (
        <li key={v.value}>
          <button type="button" onClick={() => onFilter(v.value, false)} title="Chỉ xem giá trị này" data-testid="facet-value">
            <span class="value-text">{v.value === '' ? <i>(trống)</i> : inert(v.value)}</span><span class="num muted">{bigNumberText(v.count)}</span>
            <span class="value-bar" aria-hidden="true"><i style={{ width: `${Math.max(1, (v.count / Math.max(1, all)) * 100)}%` }} /></span>
          </button>
          <Button kind="bare" icon="minus" aria-label={`Loại ${field} là ${v.value}`} title="Loại giá trị này" onClick={() => onFilter(v.value, true)} />
        </li>
      ))}
      {distinct > items.length && <li class="muted small">và {numberText(distinct - items.length)} giá trị khác</li>}
    </ul>
  );
}

function costText(stats: SearchStats): string {
  const skipped = stats.blocks_skipped > 0 ? `, bỏ qua ${numberText(stats.blocks_skipped)} khối không cần đọc` : '';
  return `Quét ${bigNumberText(stats.rows_scanned)} sự kiện (${bytesText(stats.bytes_scanned)}) trong ${numberText(Math.max(0.1, stats.seconds))} giây${skipped}.`
    + (stats.partial ? ' Dừng ở giới hạn: thu hẹp thời gian để xem hết.' : '');
}

function Rows({ events, columns, open, onOpen, onFilter }: {
  events: LogEvent[]; columns: string[]; open: string | null; onOpen: (ref: string | null) => void;
  onFilter: (field: string, value: string, not: boolean) => void;
}) {
  return (
    <table class="events" data-testid="events-table">
      <thead><tr><th>Thời gian (+07)</th><th>Máy</th>{columns.map((c) => <th key={c} class="mono">{c}</th>)}<th>Nội dung</th></tr></thead>
      {events.map((e) => (
        <tbody key={e.ref}>
          <tr data-row tabIndex={-1} data-testid="event-row" class={open === e.ref ? 'open' : ''}>
            <td class="nowrap"><When at={e.event_time} seconds /></td>
            <td class="host">{inert(e.host)}</td>
            {columns.map((c) => <td key={c} class="cell">{inert(valuesOf(e, c).join(', '))}</td>)}
            <td class={`line${isSaid(e) ? ' said' : ''}`}><button type="button" class="expand" data-primary aria-expanded={open === e.ref}
              onClick={() => onOpen(open === e.ref ? null : e.ref)}>{e.parse_error && <Icon name="late" size={14} />}{inert(summaryOf(e))}</button></td>
          </tr>
          {open === e.ref && <tr class="expanded"><td colSpan={3 + columns.length}><EventDetail event={e} onFilter={onFilter} /></td></tr>}
        </tbody>
      ))}
    </table>
  );
}

function OneEvent({ reference }: { reference: string }) {
  const loaded = useLoad((abort) => get('/events/{ref}', { path: { ref: reference }, signal: abort }), [reference]);
  useAgencies();
  return (
    <>
      <p class="crumb"><a href="/nhat-ky">Nhật ký</a></p>
      <PageHead title="Sự kiện" sub={loaded.data && `${inert(loaded.data.host)}, ${timeText(loaded.data.event_time, true)} +07`} />
      <Shown of={loaded}>{(event) => <div class="panel"><h2 class="sr-only">Chi tiết</h2><EventDetail event={event} /></div>}</Shown>
    </>
  );
}

function Search() {
  const params = query.value;
  const agencyList = useAgencies();
  // "24 giờ qua" ends when the search was asked, not at every render.
  const [asked, setAsked] = useState(Date.now());
  const [seen, setSeen] = useState(changes.ingest.value);
  const [open, setOpen] = useState<string | null>(null);
  const [more, setMore] = useState<{ key: string; events: LogEvent[]; cursor: string | null }>({ key: '', events: [], cursor: null });
  const [panel, setPanel] = useState(false);
  const [custom, setCustom] = useState(false);
  const range = useMemo(() => rangeOf(params, asked), [params, asked]);
  const typed = params.get('q') ?? '';
  const showsFacts = params.get('facts') === '1';
  const { sent, shift } = showsFacts ? { sent: typed, shift: 0 } : withoutFacts(typed);
  const wish: Wish = { q: sent, from: range.from, to: range.to, agency: params.get('agency') ?? '' };
  const order = params.get('order') === 'oldest' ? 'oldest' as const : 'newest' as const;
  const columns = (params.get('cols') ?? '').split(',').filter(Boolean);
  const key = JSON.stringify([wish, order]);
  const rows = useLoad((abort) => get('/events', { signal: abort, query: { ...wish, order } }), [key]);
  const histogram = useLoad(async (abort) => {
    const all = await get('/events/histogram', { signal: abort, query: { ...wish, buckets: kBuckets } });
    const first = all.buckets.findIndex((b) => b.count > 0);
    if (wish.from !== kEpoch || first < kBuckets / 2) return all;
    // "Từ đầu" begins in 1970; bars of a year each would say nothing.
    return get('/events/histogram', { signal: abort, query: { ...wish, from: all.buckets[first]!.start, buckets: kBuckets } });
  }, [JSON.stringify(wish)]);
  const fields = useLoad((abort) => get('/events/fields', { signal: abort, query: wish }), [JSON.stringify(wish)]);
  const values = useRef(new Map<string, Promise<ValueCount[]>>());
  const loadValues = (field: string): Promise<ValueCount[]> => {
    const id = `${field} ${wish.from}`;
    let known = values.current.get(id);
    if (!known) {
      known = get('/events/top', { query: { q: '', from: wish.from, to: wish.to, agency: wish.agency, field, n: 50 } }).then((r) => r.items);
      values.current.set(id, known);
    }
    return known;
  };
  const refresh = (): void => {
    setAsked(Date.now());
    setSeen(changes.ingest.value);
    values.current.clear();
  };
  const search = (q: string): void => {
    refresh();
    setQuery({ q });
  };
  const filter = (field: string, value: string, not: boolean): void => search(withCondition(typed, field, value, not));
  const pin = (field: string): void => setQuery({ cols: (columns.includes(field) ? columns.filter((c) => c !== field) : [...columns, field]).join(',') }, { replace: true });
  const events = [...(rows.data?.items ?? []), ...(more.key === key ? more.events : [])];
  const cursor = more.key === key ? more.cursor : rows.data?.next_cursor ?? null;
  const loadMore = async (): Promise<void> => {
    try {
      const next = await get('/events', { query: { ...wish, order, cursor: cursor! } });
      setMore({ key, events: [...(more.key === key ? more.events : []), ...next.items], cursor: next.next_cursor });
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    }
  };
  const wrongQuery = rows.problem?.error_position !== undefined || rows.problem?.code === 'invalid';
  const known = fields.data?.items ?? [];
  return (
    <>
      <PageHead title="Nhật ký" sub={rows.data && <span data-testid="search-cost">{costText(rows.data.stats)}</span>}>
        {may('export_out:event') && (
          <details class="export"><summary class="button"><Icon name="download" size={16} />Xuất</summary>
            <div class="menu">
              {([['csv', 'Bảng CSV'], ['ndjson', 'NDJSON'], ['raw', 'Bản gốc từng byte']] as const).map(([format, word]) => (
                <a key={format} download href={address('/events/export', {}, { ...wish, format })}>{word}</a>
              ))}
            </div>
          </details>
        )}
      </PageHead>
      <QueryBar value={typed} fields={known} loadValues={loadValues} onSearch={search}
                error={wrongQuery && rows.problem ? { text: rows.problem.text, position: rows.problem.error_position === undefined ? null : indexOfCharacter(typed, rows.problem.error_position - shift) } : null} />
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Thời gian">
          {kRanges.map(([id, word]) => (
            <button key={id} type="button" class="chip" aria-pressed={range.name === id} data-testid={`range-${id}`}
                    onClick={() => { refresh(); setCustom(false); setQuery({ range: id, from: null, to: null }); }}>{word}</button>
          ))}
          <button type="button" class="chip" aria-pressed={range.name === ''} aria-expanded={custom} onClick={() => setCustom(!custom)} data-testid="range-custom">
            {range.name === '' ? <span class="num">{timeText(range.from)} – {timeText(range.to)}</span> : 'Khoảng khác…'}
          </button>
        </div>
        <Chip pressed={showsFacts} testid="show-facts" onClick={() => { refresh(); setQuery({ facts: showsFacts ? null : '1' }); }}>Hiện dữ kiện đo được</Chip>
        <AgencySelect value={wish.agency} onChange={(agency) => setQuery({ agency })} />
        <button type="button" class="chip fields-toggle" aria-expanded={panel} onClick={() => setPanel(!panel)}>Trường</button>
      </div>
      {custom && <CustomRange key={`${range.from}${range.to}`} from={range.from === kEpoch ? new Date(asked - 86_400_000).toISOString() : range.from} to={range.to}
        onSet={(from, to) => { setCustom(false); setQuery({ from, to, range: null }); }} />}
      {histogram.data && !wrongQuery && histogram.data.total > 0 && <Histogram data={histogram.data} onPick={(from, to) => setQuery({ from, to, range: null })} />}
      <NewerBar count={range.name !== '' ? changes.ingest.value - seen : 0} what="sự kiện" onShow={refresh} />
      {!wrongQuery && (
        <div class={`log-body${panel ? ' panel-open' : ''}`}>
          <section class="facets" aria-label="Trường của sự kiện">
            <h2>Trường</h2>
            <ul>{known.map((f) => (
              <FieldRow key={f.value} field={f} wish={wish} pinned={columns.includes(f.value)} onPin={() => pin(f.value)} onFilter={(value, not) => filter(f.value, value, not)} />
            ))}</ul>
          </section>
          <section class={`log-rows${rows.loading ? ' busy' : ''}`} aria-label="Sự kiện" aria-busy={rows.loading}>
            {rows.problem && !rows.data ? <ProblemNote problem={rows.problem} retry={rows.reload} /> : !rows.data ? <Skeleton rows={12} /> : events.length === 0 ? (
              <Blank icon="search" title="Không có sự kiện nào khớp">
                <p>{typed ? 'Thử bỏ bớt điều kiện, hoặc xem khoảng thời gian dài hơn.' : 'Chưa có sự kiện nào trong khoảng thời gian này.'}</p>
                {range.name !== 'all' && <Button onClick={() => setQuery({ range: 'all', from: null, to: null })}>Xem từ đầu đến nay</Button>}
                {typed && <Button onClick={() => search('')}>Bỏ điều kiện</Button>}
              </Blank>
            ) : (
              <>
                <Rows key={agencyList.length} events={events} columns={columns} open={open} onOpen={setOpen} onFilter={filter} />
                <p class="pager">
                  {cursor ? <Button onClick={() => void loadMore()} data-testid="load-more">Xem thêm</Button> : <span class="muted">Hết.</span>}
                  <Button kind="text" onClick={() => setQuery({ order: order === 'newest' ? 'oldest' : null })}>{order === 'newest' ? 'Xem từ cũ nhất' : 'Xem từ mới nhất'}</Button>
                </p>
              </>
            )}
          </section>
        </div>
      )}
    </>
  );
}

export default function Logs() {
  const reference = query.value.get('event');
  return reference ? <OneEvent reference={reference} /> : <Search />;
}
