// SPDX-License-Identifier: Apache-2.0
// Tổ chức: the agencies as a tree on any day, and the acts that change it: rename, move, merge, split, abolish.
import { useMemo, useState } from 'preact/hooks';
import { address, get, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import type { Attachment, OrganisationAct, OrganisationActWrite, OrganisationPreview, OrganisationTree } from '../api/types';
import { compareNames, dateText, numberText } from '../text/format';
import { agencies as knownAgencies } from '../ui/agencies';
import { AgencyPicker } from '../ui/agency-picker';
import { tell } from '../ui/announce';
import { DayInput } from '../ui/day-input';
import { FileList, Uploads } from '../ui/files';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, Drawer, PageHead } from '../ui/parts';
import { loadRegisters, recordName } from '../ui/registers';
import { Blank, Shown } from '../ui/states';
import '../styles/organisations.css';

type Kind = OrganisationAct['act'];
type Node = OrganisationTree['items'][number];

const kActs: Record<Kind, string> = { rename: 'Đổi tên', move: 'Chuyển cấp trên', merge: 'Sáp nhập', split: 'Chia tách', abolish: 'Giải thể' };
const kStates: Record<OrganisationAct['state'], string> = {
  planned: 'Chờ đến ngày', running: 'Đang thực hiện', done: 'Đã thực hiện', blocked: 'Vướng mắc', withdrawn: 'Đã rút',
};

const day = (text: string): string => dateText(`${text}T00:00:00+07:00`);
const monthOf = (text: string): number => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1;
const lastDayOf = (month: number): string => {
  const date = new Date(Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0));
  return date.toISOString().slice(0, 10);
};

/** Months on a slider, any day in the field beside it; the days on which something changed are one click away. */
function DayPicker({ tree, at, onPick }: { tree: OrganisationTree; at: string; onPick: (day: string) => void }) {
  const now = monthOf(tree.today);
  const months = [now - 24, now + 12, monthOf(at), ...tree.days.map(monthOf)];
  const value = monthOf(at);
  return (
    <section class="panel day-picker" aria-label="Chọn ngày xem">
      <label class="month-field"><span>Tháng <output class="num">{`${String((value % 12) + 1).padStart(2, '0')}/${Math.floor(value / 12)}`}</output></span>
        <input type="range" aria-label="Tháng" min={Math.min(...months)} max={Math.max(...months)} step={1} value={value} data-testid="month-slider"
               aria-valuetext={`Tháng ${(value % 12) + 1} năm ${Math.floor(value / 12)}`}
               onInput={(e) => onPick(lastDayOf(Number(e.currentTarget.value)))} />
      </label>
      <div class="day-field"><label for="tree-day">Ngày</label><DayInput id="tree-day" day={at} required testid="tree-day" onDay={onPick} /></div>
      {at !== tree.today && <Button onClick={() => onPick('')} data-testid="tree-today">Hôm nay</Button>}
      {tree.days.length > 0 && (
        <p class="marks"><span class="muted">Có thay đổi:</span>{' '}
          {tree.days.slice(-12).map((d) => <Button key={d} kind="text" aria-pressed={d === at} onClick={() => onPick(d)}>{day(d)}</Button>)}</p>
      )}
    </section>
  );
}

function Branch({ of, children, level }: { of: Node; children: Map<string, Node[]>; level: number }) {
  const below = children.get(of.id) ?? [];
  return (
    <li data-row tabIndex={-1} data-testid="organisation">
      {may('read:obligation') && !of.until ? <a class="organisation-name" data-primary href={`/co-quan/${encodeURIComponent(of.id)}`}>{of.name}</a> : <span class="organisation-name">{of.name}</span>}
      {of.name !== of.name_now && <span class="muted"> (nay là {of.name_now})</span>}
      {of.until && <span class="muted"> · đến hết ngày trước {day(of.until)}{of.successors.length > 0 && <>, sau đó: {of.successors.map((s) => s.name).join(', ')}</>}</span>}
      {of.from && <span class="muted"> · từ {day(of.from)}</span>}
      {below.length > 0 && level < 16 && <ul>{below.map((one) => <Branch key={one.id} of={one} children={children} level={level + 1} />)}</ul>}
    </li>
  );
}

function Tree({ tree }: { tree: OrganisationTree }) {
  const children = useMemo(() => {
    const ids = new Set(tree.items.map((one) => one.id));
    const out = new Map<string, Node[]>();
    for (const one of [...tree.items].sort((a, b) => compareNames(a.name, b.name))) {
      const parent = ids.has(one.parent_id) ? one.parent_id : '';
      out.set(parent, [...(out.get(parent) ?? []), one]);
    }
    return out;
  }, [tree]);
  const top = children.get('') ?? [];
  if (top.length === 0) return <Blank title="Ngày này chưa có cơ quan nào"><p>Chọn một ngày khác.</p></Blank>;
  return <ul class="organisation-tree">{top.map((one) => <Branch key={one.id} of={one} children={children} level={0} />)}</ul>;
}

function Preview({ of }: { of: OrganisationPreview }) {
  return (
    <div class="panel" role="status" data-testid="act-preview">
      <h3>Sẽ chuyển giao</h3>
      {of.moves.every((m) => m.total === 0) && <p>Không có hồ sơ nào đổi đơn vị.</p>}
      {of.moves.map((m) => (
        <div key={m.from.id + m.to.id}>
          <p><b>{m.from.name}</b> → <b>{m.to.name}</b>: {m.total === 0 ? 'chưa có gì' : <><span class="num">{numberText(m.total)}</span> mục</>}</p>
          <ul class="plain">{m.counts.map((c) => <li key={c.kind}><span class="num">{numberText(c.count)}</span> {c.title}</li>)}</ul>
        </div>
      ))}
      {of.children > 0 && <p><span class="num">{of.children}</span> đơn vị trực thuộc đổi cấp trên.</p>}
      {of.moves.length > 0 && <p class="hint">Nhật ký đã thu và các kết luận cũ giữ tên đơn vị cũ; cán bộ của đơn vị mới vẫn xem được.</p>}
    </div>
  );
}

/** Text of several lines: each a new agency. */
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);

type Assign = NonNullable<OrganisationActWrite['assign']>;
interface Thing { id: string; name: string }
const kThingsMax = 200;  // of one kind that are chosen one by one; more are given as a whole

/** What the agency has of a kind, by name, where the portal can list it. */
async function thingsOf(kind: string, agency: string): Promise<Thing[] | null> {
  if (kind === 'device') return (await get('/devices', { query: { agency, limit: kThingsMax } })).items.map((d) => ({ id: d.id, name: d.name || d.hostname }));
  if (kind === 'user') return (await get('/users')).items.filter((u) => u.agency_ids.includes(agency)).map((u) => ({ id: u.id, name: u.name }));
  if (kind === 'case') return (await get('/incidents', { query: { agency, limit: kThingsMax } })).items.map((c) => ({ id: c.id, name: c.title }));
  const register = (await loadRegisters()).find((r) => r.kind === kind);
  if (!register) return null;
  return (await get('/registers/{kind}', { path: { kind }, query: { agency, limit: kThingsMax } })).items.map((r) => ({ id: r.id, name: recordName(register, r.doc) || r.id }));
}

/** One kind: all of it to one part, or each thing to its own. Without an answer it goes to the first part, or stays. */
function KindShare({ one, agency, parts, rest, assign, onChange }: {
  one: NonNullable<OrganisationPreview['divisible']>[number]; agency: string; parts: string[]; rest: string; assign: Assign; onChange: (next: Assign) => void;
}) {
  const [things, setThings] = useState<Thing[] | null>(null);
  const [problem, setProblem] = useState('');
  const own = assign.filter((a) => a.kind === one.kind);
  const partOf = (id: string): string => String(own.find((a) => (a.id ?? '') === id)?.part ?? '');
  const put = (id: string, part: string): void => onChange([...assign.filter((a) => a.kind !== one.kind || (a.id ?? '') !== id),
    ...(part === '' ? [] : [{ kind: one.kind, ...(id ? { id } : {}), part: Number(part) }])]);
  const open = async (): Promise<void> => {
    setProblem('');
    try {
      const found = await thingsOf(one.kind, agency);
      if (!found || found.length === 0) return setProblem('Loại này chỉ giao được cả loại.');
      setThings(found);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  const select = (id: string, label: string, none: string) => (
    <select value={partOf(id)} aria-label={label} onChange={(e) => put(id, e.currentTarget.value)} data-testid={`share-${one.kind}${id && `-${id}`}`}>
      <option value="">{none}</option>
      {parts.map((name, i) => <option key={name} value={String(i)}>{name}</option>)}
    </select>
  );
  return (
    <li data-row tabIndex={-1}>
      <p class="share"><span>{one.title} <span class="muted num">{numberText(one.count)}</span></span> {select('', `${one.title}: giao cho`, rest)}</p>
      {things === null ? one.count <= kThingsMax && <Button kind="text" data-primary onClick={() => void open()} data-testid={`share-each-${one.kind}`}>Chọn từng mục</Button>
        : <ul class="plain shares">{things.map((t) => <li key={t.id}><p class="share"><span>{inert(t.name)}</span> {select(t.id, `${t.name}: giao cho`, 'như cả loại')}</p></li>)}</ul>}
      {problem && <p class="muted">{problem}</p>}
    </li>
  );
}

function Shares({ of, agency, parts, remains, assign, onChange }: {
  of: OrganisationPreview; agency: string; parts: string[]; remains: boolean; assign: Assign; onChange: (next: Assign) => void;
}) {
  const kinds = of.divisible ?? [];
  if (kinds.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="shares" data-testid="act-shares">
      <h3 id="shares">Chia hồ sơ, máy, người dùng</h3>
      <p class="hint">Chọn nơi nhận cho từng loại; tệp đính kèm đi theo bản ghi. Chọn xong bấm Xem trước lần nữa.</p>
      <ul class="list">{kinds.map((one) => <KindShare key={one.kind} one={one} agency={agency} parts={parts} rest={remains ? 'ở lại đơn vị cũ' : parts[0] ?? ''} assign={assign} onChange={onChange} />)}</ul>
    </section>
  );
}

function ActForm({ items, onClose, onDone }: { items: Node[]; onClose: () => void; onDone: () => void }) {
  const [act, setAct] = useState<Kind>('merge');
  const [chosen, setChosen] = useState<string[]>([]);
  const [target, setTarget] = useState('');
  const [preview, setPreview] = useState<{ body: string; of: OrganisationPreview } | null>(null);
  const [divided, setDivided] = useState<{ of: OrganisationPreview; agency: string; parts: string[]; remains: boolean } | null>(null);
  const [assign, setAssign] = useState<Assign>([]);
  const [file, setFile] = useState<Attachment | null>(null);
  const [agency, setAgency] = useState('');
  const [problem, setProblem] = useState('');
  const many = act === 'merge' || act === 'move';
  const bodyOf = (form: HTMLFormElement): OrganisationActWrite => {
    const data = new FormData(form);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const fresh = { name: text('name'), ...(text('parent') ? { parent_id: text('parent') } : {}) };
    const body: OrganisationActWrite = {
      act, in_force: text('in_force'), decision_number: text('decision'), agencies: many ? chosen : [text('agency')],
    };
    if (text('note')) body.note = text('note');
    if (file) body.file_sha256 = file.sha256;
    if (act === 'rename') body.name = text('name');
    if (act === 'move') body.parent_id = text('parent');
    if (act === 'merge') body.into = [target ? { id: target } : fresh];
    if (act === 'abolish') body.into = [{ id: target }];
    if (act === 'split') {
      body.into = lines(text('parts')).map((name) => ({ name }));
      body.remains = data.get('remains') === 'on';
      if (assign.length > 0) body.assign = assign;
    }
    return body;
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = bodyOf(event.currentTarget as HTMLFormElement);
    setProblem('');
    try {
      if (preview?.body !== JSON.stringify(body)) {
        const of = await post('/organisations/acts/preview', { body });
        setPreview({ body: JSON.stringify(body), of });
        if (act === 'split') setDivided({ of, agency: body.agencies[0]!, parts: (body.into ?? []).map((one) => one.name ?? ''), remains: body.remains === true });
        return;
      }
      const made = await post('/organisations/acts', { body });
      tell(made.state === 'planned' ? `Đã ghi, sẽ thực hiện ngày ${day(made.in_force)}.` : 'Đã thực hiện.');
      knownAgencies.value = null;
      onDone();
      onClose();
    } catch (cause) {
      setPreview(null);
      setProblem(problemFrom(cause).text);
    }
  };
  // Other parts or another agency: what was chosen for the old ones means nothing.
  const undivide = (): void => { setDivided(null); setAssign([]); };
  const options = items.map((a) => <option key={a.id} value={a.id}>{a.name}</option>);
  return (
    <Drawer title="Ghi việc sắp xếp tổ chức" onClose={onClose} testid="act-drawer">
      <form class="form" onSubmit={(e) => void submit(e)} onInput={() => setPreview(null)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Việc<select value={act} data-testid="act-kind" onChange={(e) => { setAct(e.currentTarget.value as Kind); setTarget(''); setAgency(''); setChosen([]); undivide(); }}>
          {(Object.keys(kActs) as Kind[]).map((k) => <option key={k} value={k}>{kActs[k]}</option>)}</select></label>
        {many ? (
          <AgencyPicker legend={act === 'merge' ? 'Các đơn vị sáp nhập' : 'Các đơn vị chuyển'} list={items} chosen={chosen} onChange={setChosen} testid="act-agencies" />
        ) : <label>Đơn vị<select name="agency" required value={agency} onChange={(e) => { setAgency(e.currentTarget.value); undivide(); }} data-testid="act-agency"><option value="">Chọn đơn vị</option>{options}</select></label>}
        {(act === 'merge' || act === 'abolish') && (
          <label>{act === 'merge' ? 'Thành đơn vị' : 'Đơn vị tiếp nhận'}
            <select value={target} required={act === 'abolish'} data-testid="act-target" onChange={(e) => setTarget(e.currentTarget.value)}>
              <option value="">{act === 'merge' ? 'Đơn vị mới' : 'Chọn đơn vị'}</option>{options}</select></label>
        )}
        {(act === 'rename' || (act === 'merge' && !target)) && <label>Tên mới<input name="name" required maxLength={200} data-testid="act-name" /></label>}
        {(act === 'move' || (act === 'merge' && !target)) && (
          <label>Cấp trên<select name="parent"><option value="">{act === 'move' ? 'Không có cấp trên' : 'Như đơn vị cũ'}</option>{options}</select></label>
        )}
        {act === 'split' && <>
          <label>Tên các đơn vị sau chia tách<span class="hint">Mỗi dòng một tên. Bấm Xem trước rồi chia hồ sơ, máy, người dùng; phần chưa chia thuộc đơn vị ở dòng đầu.</span>
            <textarea name="parts" rows={3} required onInput={undivide} data-testid="act-parts" /></label>
          <label class="check"><input type="checkbox" name="remains" onChange={undivide} data-testid="act-remains" /> <span>Đơn vị cũ vẫn hoạt động<span class="hint">Khi đó phần chưa chia ở lại đơn vị cũ</span></span></label>
        </>}
        <div class="field"><label for="act-day">Có hiệu lực từ ngày</label><DayInput id="act-day" name="in_force" required testid="act-day" /></div>
        <label>Số quyết định, nghị quyết<input name="decision" required maxLength={200} data-testid="act-decision" /></label>
        <div class="field"><span>Tệp quyết định, nghị quyết <span class="muted">(nếu có)</span></span>
          {file ? <><FileList files={[file]} /><Button kind="text" onClick={() => { setFile(null); setPreview(null); }}>Bỏ tệp này</Button></>
            : may('create:attachment') && <Uploads agencyId={chosen[0] || agency || undefined} onStored={(stored) => { setFile(stored); setPreview(null); }} label="Đính kèm tệp" />}</div>
        <label>Ghi chú<textarea name="note" rows={2} maxLength={2000} /></label>
        {act === 'split' && divided && <Shares {...divided} assign={assign} onChange={(next) => { setAssign(next); setPreview(null); }} />}
        {preview && <Preview of={preview.of} />}
        <Button kind="main" type="submit" data-testid={preview ? 'act-save' : 'act-look'}>{preview ? 'Ghi' : 'Xem trước'}</Button>
      </form>
    </Drawer>
  );
}

function Withdraw({ act, onClose, onDone }: { act: OrganisationAct; onClose: () => void; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason'));
    try {
      await post('/organisations/acts/{id}/withdraw', { path: { id: act.id }, body: { reason } });
      onDone();
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Rút việc sắp xếp" onClose={onClose} testid="withdraw-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <p>{kActs[act.act]}: {act.agencies.map((a) => a.name).join(', ')}, từ {day(act.in_force)}.</p>
        <label>Lý do<input name="reason" required maxLength={500} data-testid="withdraw-reason" /></label>
        <Button kind="main" type="submit" data-testid="withdraw-save">Rút</Button>
      </form>
    </Drawer>
  );
}

function becomes(act: OrganisationAct): string {
  if (act.act === 'rename') return act.name ?? '';
  return act.into.map((one) => one.name).join(', ');
}

const mayWithdraw = (act: OrganisationAct): boolean => (act.state === 'planned' || act.state === 'blocked') && may('create:agency');

function Acts({ items, onWithdraw }: { items: OrganisationAct[]; onWithdraw: (act: OrganisationAct) => void }) {
  if (items.length === 0) return <Blank title="Chưa có việc sắp xếp nào" />;
  return (
    <table class="cards"><thead><tr><th>Từ ngày</th><th>Việc</th><th>Đơn vị</th><th>Thành</th><th>Số quyết định</th><th>Tình trạng</th><th><span class="sr-only">Rút</span></th></tr></thead>
      <tbody>{items.map((a) => (
        <tr key={a.id} data-row tabIndex={-1} data-testid="act-row"><td data-label="Từ ngày" class="num nowrap">{day(a.in_force)}</td><td data-label="Việc">{kActs[a.act]}</td>
          <td data-label="Đơn vị" class="room">{a.agencies.map((one) => one.name).join(', ')}</td><td data-label="Thành">{becomes(a)}</td><td data-label="Số quyết định">{a.decision_number}{a.file_sha256 && may('read:attachment') && <a class="entity" data-primary={!mayWithdraw(a) || undefined} href={address('/attachments/{sha256}', { sha256: a.file_sha256 })} download={`quyet-dinh-${a.in_force}`} data-testid="act-file">tải tệp</a>}</td>
          <td data-label="Tình trạng">{kStates[a.state]}{a.state === 'done' && a.moved > 0 && <span class="muted">, <span class="num">{numberText(a.moved)}</span> mục đã chuyển</span>}
            {a.problem && <span class="muted entity">{a.problem}</span>}</td>
          <td class="right">{mayWithdraw(a) && <Button kind="text" data-primary onClick={() => onWithdraw(a)} data-testid="withdraw">Rút</Button>}</td></tr>
      ))}</tbody></table>
  );
}

export default function Organisations() {
  const wanted = query.value.get('ngay') ?? '';
  const tree = useLoad((abort) => get('/organisations', { query: wanted ? { at: wanted } : {}, signal: abort }), [wanted]);
  const acts = useLoad((abort) => get('/organisations/acts', { signal: abort }), []);
  const [form, setForm] = useState(false);
  const [withdrawing, setWithdrawing] = useState<OrganisationAct | null>(null);
  const provincial = ['administrator', 'province_operator'].includes(session.value!.user.role);
  const reload = (): void => {
    tree.reload();
    acts.reload();
  };
  return (
    <>
      <PageHead title="Tổ chức" sub={tree.data && `${tree.data.items.length} cơ quan, đơn vị vào ngày ${day(tree.data.at)}`}>
        {provincial && <Button icon="plus" kind="main" onClick={() => setForm(true)} data-testid="new-act">Ghi việc sắp xếp</Button>}
      </PageHead>
      <Shown of={tree}>{(data) => (
        <>
          <DayPicker tree={data} at={wanted || data.today} onPick={(d) => setQuery({ ngay: d }, { replace: true })} />
          {data.at > data.today && <p class="banner">Ngày chưa đến: cây tổ chức theo các việc đã ghi trước.</p>}
          <Tree tree={data} />
          {form && <ActForm items={data.items} onClose={() => setForm(false)} onDone={reload} />}
        </>
      )}</Shown>
      <h2>Các việc sắp xếp</h2>
      <Shown of={acts}>{({ items }) => <Acts items={items} onWithdraw={setWithdrawing} />}</Shown>
      {withdrawing && <Withdraw act={withdrawing} onClose={() => setWithdrawing(null)} onDone={reload} />}
    </>
  );
}
