// SPDX-License-Identifier: Apache-2.0
// Xếp hạng: the table of a year, and behind each row the sheet with every point, why, and what stands behind it.
import { useState } from 'preact/hooks';
import { address, get, post, problemFrom } from '../api/client';
import { navigate, query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Clause, Ranking, RankingRow, RankingSheet } from '../api/types';
import { timeText } from '../text/format';
import { periodText } from '../text/periods';
import { tell } from '../ui/announce';
import { useClauses } from '../ui/clauses';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { Why, type Question } from '../ui/why-drawer';
import '../styles/province.css';

type Criterion = RankingSheet['criteria'][number];
const kEvidenceShown = 12;
const effects: Record<string, [IconName, string, string]> = {
  good: ['done', 's-met', 'đạt'], partly: ['pen', 's-due', 'đạt một phần'], bad: ['cross', 's-violated', 'không đạt'], open: ['clock', 's-unknown', 'chưa đến hạn'],
};
const appealWords: Record<string, string> = { open: 'chưa trả lời', granted: 'được chấp nhận', refused: 'không được chấp nhận' };
/** "12.50" -> "12,5" */
const points = (text: string): string => text.replace(/\.?0+$/, '').replace('.', ',');

/** "record:training/01J" as a link; facts lead to the machine. */
function Proof({ of }: { of: string }) {
  const [kind, ref] = [of.slice(0, of.indexOf(':')), of.slice(of.indexOf(':') + 1)];
  if (kind === 'record' && may('read:record')) return <a href={`/so-dang-ky/${ref}`}>bản ghi</a>;
  if (kind === 'fact' && may('read:device')) return <a href={`/thiet-bi/${encodeURIComponent(ref.split('/')[0]!)}`}>dữ kiện của máy</a>;
  if (kind === 'case' && may('read:incident')) return <a href={`/su-co/${encodeURIComponent(ref)}`}>hồ sơ sự cố</a>;
  return <span class="muted">{kind === 'attestation' ? 'xác nhận' : kind === 'setting' ? 'thiết lập của máy chủ' : 'luật phát hiện'}</span>;
}

function EvidenceRow({ one, agency, kind, clauses, onWhy }: {
  one: Criterion['evidence'][number]; agency: string; kind: string; clauses: Map<string, Clause>; onWhy: (q: Question) => void;
}) {
  const [icon, tone, word] = effects[one.effect]!;
  const duty = kind === 'obligations' || kind === 'timeliness';
  const clause = one.ref.split('|')[0]!.split('#')[0]!;
  const period = periodText(one.ref.split('|')[2] ?? '');
  const title = clauses.get(clause)?.title ?? 'Nghĩa vụ';
  const citation = clauses.get(clause)?.citation;
  return (
    <li data-row tabIndex={-1}>
      <span class={`status ${tone}`}><Icon name={icon} size={16} /><span>{word}</span></span>{' '}
      {duty ? <><Button kind="text" class="keep" data-primary onClick={() => onWhy({ clause, title, agency })}>{title}</Button> <span class="muted">{[citation, period].filter(Boolean).join(', ')}</span></>
        : <a data-primary href={kind === 'manual' ? `/so-dang-ky/ranking_score/${one.ref}` : `/so-dang-ky/${one.ref}`}>bản ghi</a>}
      {duty && one.evidence.map((e) => <span key={e}> · <Proof of={e} /></span>)}
    </li>
  );
}

function Appeal({ ranking, criterion, agency, onDone }: { ranking: Ranking; criterion: string; agency: string; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason')).trim();
    try {
      const made = await post('/registers/{kind}', { path: { kind: 'ranking_appeal' }, body: { agency_id: agency, doc: {
        year: ranking.year, ranking: ranking.ranking.id, criterion, reason, submitted_on: new Date(Date.now() + 7 * 3600_000).toISOString().slice(0, 10) } } });
      tell('Đã gửi kiến nghị.');
      onDone();
      navigate(`/so-dang-ky/ranking_appeal/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <details class="attest"><summary class="button" data-testid={`appeal-${criterion}`}>Kiến nghị</summary>
      <form class="form" onSubmit={(e) => void send(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Nội dung kiến nghị<span class="hint">Nói rõ điểm nào chưa đúng; tệp chứng minh đính kèm ở bước sau</span><textarea name="reason" rows={3} required maxLength={4000} data-testid="appeal-text" /></label>
        <Button kind="main" type="submit" data-testid="appeal-send">Gửi kiến nghị</Button>
      </form>
    </details>
  );
}

function Score({ ranking, criterion, agency, most }: { ranking: Ranking; criterion: string; agency: string; most: string }) {
  const [problem, setProblem] = useState('');
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const given = Number(String(data.get('points')).replace(',', '.'));
    if (!Number.isFinite(given)) return setProblem('Ghi số điểm, ví dụ 7,5.');
    try {
      const made = await post('/registers/{kind}', { path: { kind: 'ranking_score' }, body: { agency_id: agency, doc: {
        year: ranking.year, ranking: ranking.ranking.id, criterion, points: given, reason: String(data.get('reason')).trim() } } });
      tell('Đã ghi điểm; đính kèm biên bản để điểm có hiệu lực.');
      navigate(`/so-dang-ky/ranking_score/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <details class="attest"><summary class="button">Chấm điểm</summary>
      <form class="form" onSubmit={(e) => void send(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Điểm (nhiều nhất {points(most)})<input name="points" inputMode="decimal" required /></label>
        <label>Lý do<textarea name="reason" rows={2} required maxLength={4000} /></label>
        <Button kind="main" type="submit">Ghi điểm</Button>
      </form>
    </details>
  );
}

function CriterionPart({ one, ranking, agency, onWhy, onDone }: { one: Criterion; ranking: Ranking; agency: string; onWhy: (q: Question) => void; onDone: () => void }) {
  const clauses = useClauses(agency);
  const definition = ranking.ranking.criteria.find((c) => c.id === one.criterion);
  const kind = definition?.kind ?? '';
  const order = ['bad', 'partly', 'open', 'good'];
  const evidence = [...one.evidence].sort((a, b) => order.indexOf(a.effect) - order.indexOf(b.effect));
  const own = session.value!.user.agency_ids.includes(agency);
  return (
    <section class="panel criterion" data-testid="criterion" data-criterion={one.criterion}>
      <h3>{definition?.title ?? one.criterion} <span class="num">{one.left_out ? 'không tính' : `${points(one.points)}/${points(one.weight)}`}</span></h3>
      <p>{inert(one.why)}{one.points !== one.computed && ` Điểm tính ra là ${points(one.computed)}, đã điều chỉnh theo kiến nghị.`}{one.open > 0 && ` ${one.open} việc chưa đến hạn.`}</p>
      {one.appeals.map((a) => <p key={a.record} class="muted">Kiến nghị <a href={`/so-dang-ky/ranking_appeal/${a.record}`}>{appealWords[a.state]}</a>: {inert(a.reason)}</p>)}
      {evidence.length > 0 && (
        <details><summary>Chứng cứ ({evidence.length})</summary>
          <ul class="evidence-list">{evidence.slice(0, kEvidenceShown).map((e) => <EvidenceRow key={e.ref} one={e} agency={agency} kind={kind} clauses={clauses} onWhy={onWhy} />)}</ul>
          {evidence.length > kEvidenceShown && <p class="muted">Còn {evidence.length - kEvidenceShown} mục; xem đủ ở trang Nghĩa vụ hoặc Sổ đăng ký.</p>}
        </details>
      )}
      <div class="row-actions">
        {own && may('create:record') && <Appeal ranking={ranking} criterion={one.criterion} agency={agency} onDone={onDone} />}
        {kind === 'manual' && ranking.may_publish && !ranking.publication && <Score ranking={ranking} criterion={one.criterion} agency={agency} most={one.weight} />}
      </div>
    </section>
  );
}

function Publish({ ranking, onClose, onDone }: { ranking: Ranking; onClose: () => void; onDone: (id: string) => void }) {
  const [problem, setProblem] = useState('');
  const again = ranking.publications.some((p) => p.state === 'published' && p.ranking === ranking.ranking.id);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const made = await post('/rankings/{year}/publish', { path: { year: String(ranking.year) }, body: {
        ranking: ranking.ranking.id, decision_number: String(data.get('number')).trim(), reason: again ? String(data.get('reason')).trim() : undefined } });
      tell('Đã công bố bảng xếp hạng.');
      onDone(made.publication!.id);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title={`Công bố xếp hạng năm ${ranking.year}`} onClose={onClose} testid="publish-drawer">
      <form class="form" onSubmit={(e) => void send(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <p>Bảng điểm, số liệu và tiêu chí được giữ nguyên như lúc này. Sau đó muốn sửa thì công bố bảng mới, bảng cũ vẫn còn.</p>
        {ranking.provisional && <p class="note-line">Kết quả còn tạm tính: năm chưa hết, hoặc còn việc chưa đến hạn, tiêu chí chưa chấm, kiến nghị chưa trả lời.</p>}
        <label>Số văn bản công bố<input name="number" required maxLength={300} data-testid="publish-number" /></label>
        {again && <label>Lý do công bố lại<textarea name="reason" rows={3} required maxLength={2000} data-testid="publish-reason" /></label>}
        <Button kind="main" type="submit" data-testid="publish-send">Công bố</Button>
      </form>
    </Drawer>
  );
}

function Table({ data, agency }: { data: Ranking; agency: string }) {
  const groups = new Map<string, RankingRow[]>();
  for (const row of data.items) groups.set(row.class, [...(groups.get(row.class) ?? []), row]);
  const classTitle = (id: string): string => {
    const found = data.ranking.classes.find((c) => c.id === id);
    return found ? `Mức ${found.id}: ${found.title.toLowerCase()}, từ ${points(found.minimum)} điểm` : 'Chưa xếp mức';
  };
  const columns = data.items.some((r) => r.criteria.length > 0) ? data.ranking.criteria : [];
  return (
    <table class="cards ranking-table" data-testid="ranking-table">
      <thead><tr><th class="right">Hạng</th><th>Cơ quan, đơn vị</th><th class="right">Điểm</th>
        {columns.map((c) => <th key={c.id} class="right">{c.title} ({points(c.weight)})</th>)}</tr></thead>
      {[...groups].map(([id, rows]) => (
        <tbody key={id}>
          <tr class="group"><th scope="rowgroup" colSpan={3 + columns.length}>{classTitle(id)} <span class="muted">({rows.length} đơn vị)</span></th></tr>
          {rows.map((r) => (
            <tr key={r.agency_id} data-row tabIndex={-1} data-testid="ranking-row" data-id={r.agency_id} class={agency === r.agency_id ? 'chosen' : ''}>
              <td class="right num" data-label="Hạng">{r.rank || ''}</td>
              <th scope="row" data-label="Cơ quan">{r.own ? <button type="button" class="text keep" data-primary onClick={() => setQuery({ agency: r.agency_id })} data-testid="open-sheet">{r.agency_name}</button> : r.agency_name}</th>
              <td class="right num" data-label="Điểm"><b>{points(r.score)}</b></td>
              {columns.map((c) => {
                const p = r.criteria.find((x) => x.criterion === c.id);
                return <td key={c.id} class="right num" data-label={c.title}>{p ? (p.left_out ? <span class="muted">không tính</span> : points(p.points)) : ''}</td>;
              })}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

export default function RankingPage() {
  const q = query.value;
  const thisYear = Number(timeText(Date.now()).slice(6, 10));
  const year = Number(q.get('nam') ?? thisYear);
  const [ranking, agency, publication] = ['bang', 'agency', 'cong-bo'].map((name) => q.get(name) ?? '') as [string, string, string];
  const [publishing, setPublishing] = useState(false);
  const [why, setWhy] = useState<Question | null>(null);
  const loaded = useLoad((abort) => get('/rankings/{year}', { signal: abort, path: { year: String(year) }, query: { ranking, agency, publication } }), [year, ranking, agency, publication]);
  useChange(changes.record.value, loaded.reload, 10_000);
  const years = Array.from({ length: 6 }, (_, i) => thisYear - i);
  return (
    <>
      <PageHead title="Xếp hạng" sub={loaded.data && <>{inert(loaded.data.ranking.title)}, năm {year}{loaded.data.provisional && ', kết quả tạm tính'}</>}>
        <a class="button" href={address('/rankings/{year}/xlsx', { year: String(year) }, { ranking, agency, publication })} download><Icon name="download" size={16} />Tải bảng tính</a>
        <Button icon="print" onClick={() => window.print()}>In</Button>
        {loaded.data?.may_publish && !publication && <Button kind="main" icon="check" onClick={() => setPublishing(true)} data-testid="publish">Công bố</Button>}
      </PageHead>
      <div class="filters-row">
        <label class="inline">Năm<select value={String(year)} onChange={(e) => setQuery({ nam: e.currentTarget.value, 'cong-bo': null, bang: null })} data-testid="ranking-year">
          {years.map((y) => <option key={y} value={y}>{y}</option>)}</select></label>
        {(loaded.data?.rankings.length ?? 0) > 1 && <label class="inline">Bảng<select value={ranking} onChange={(e) => setQuery({ bang: e.currentTarget.value, 'cong-bo': null })}>
          {loaded.data!.rankings.map((r) => <option key={r.id} value={r.id}>{r.title}</option>)}</select></label>}
        {(loaded.data?.publications.length ?? 0) > 0 && <label class="inline">Xem<select value={publication} onChange={(e) => setQuery({ 'cong-bo': e.currentTarget.value })} data-testid="ranking-publication">
          <option value="">số liệu hiện nay</option>
          {loaded.data!.publications.map((p) => <option key={p.id} value={p.id}>đã công bố {timeText(p.published_at)}, số {p.decision_number}{p.state === 'replaced' ? ', đã thay' : ''}</option>)}</select></label>}
      </div>
      <Shown of={loaded} rows={10}>
        {(data) => (
          <>
            <p class="muted">{inert(data.ranking.basis)}</p>
            {data.publication && <p class={data.publication.recomputed ? 'note-line' : 'form-problem'} data-testid="recomputed">
              {data.publication.recomputed ? <>Bảng công bố lúc <When at={data.publication.published_at} />. Tính lại từ số liệu và tiêu chí đã giữ cho đúng kết quả này.</>
                : 'Tính lại từ số liệu và tiêu chí đã giữ không ra bảng đã công bố. Báo quản trị viên kiểm tra sổ cái.'}
              {data.publication.replaces && <> Thay bảng công bố trước: {inert(data.publication.reason ?? '')}.</>}</p>}
            {data.items.length === 0 ? <Blank icon="column" title="Chưa có đơn vị nào được xếp hạng"><p>Bảng tiêu chí của bộ quy định không áp dụng cho đơn vị nào trong phạm vi đang xem.</p></Blank> : <Table data={data} agency={agency} />}
            {data.sheet && (
              <section class="sheet" data-testid="ranking-sheet" aria-labelledby="sheet">
                <h2 id="sheet">Phiếu điểm: {data.sheet.name}, {points(data.sheet.score)}/{points(data.ranking.total)} <Button kind="text" onClick={() => setQuery({ agency: null })}>Đóng phiếu</Button></h2>
                <div class="criteria">{data.sheet.criteria.map((one) => <CriterionPart key={one.criterion} one={one} ranking={data} agency={data.sheet!.agency} onWhy={setWhy} onDone={loaded.reload} />)}</div>
              </section>
            )}
            {data.ignored.length > 0 && <details class="panel"><summary>Điểm chấm, kiến nghị chưa có hiệu lực ({data.ignored.length})</summary><ul>{data.ignored.map((x) => <li key={x.record + x.why}>{inert(x.why)}</li>)}</ul></details>}
            <p class="muted small">Số liệu lúc <When at={data.as_of} seconds />, theo <code title={data.pack}>{data.pack.replace(/@(.{12}).*/, '@$1')}</code>, tiêu chí <code title={data.definition_sha256}>{data.definition_sha256.slice(0, 12)}</code></p>
            {publishing && <Publish ranking={data} onClose={() => setPublishing(false)} onDone={(id) => { setPublishing(false); setQuery({ 'cong-bo': id }); }} />}
          </>
        )}
      </Shown>
      {why && <Why question={why} onClose={() => setWhy(null)} />}
    </>
  );
}
