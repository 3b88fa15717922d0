// SPDX-License-Identifier: Apache-2.0
// Tổ chức: the agencies as a tree on any day, and the acts that change it: rename, move, merge, split, abolish.
import { useMemo, useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import type { OrganisationAct, OrganisationActWrite, OrganisationPreview, OrganisationTree } from '../api/types';
import { compareNames, dateText, numberText } from '../text/format';
import { agencies as knownAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { useLoad } from '../ui/load';
import { Button, Drawer, PageHead } from '../ui/parts';
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
      <label><span>Tháng <output class="num">{`${String((value % 12) + 1).padStart(2, '0')}/${Math.floor(value / 12)}`}</output></span>
        <input type="range" min={Math.min(...months)} max={Math.max(...months)} step={1} value={value} data-testid="month-slider"
               aria-valuetext={`Tháng ${(value % 12) + 1} năm ${Math.floor(value / 12)}`}
               onInput={(e) => onPick(lastDayOf(Number(e.currentTarget.value)))} />
      </label>
      <label>Ngày<input type="date" value={at} required data-testid="tree-day"
                        onChange={(e) => e.currentTarget.value && onPick(e.currentTarget.value)} /></label>
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
      <span class="organisation-name">{of.name}</span>
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
      {of.moves.length === 0 && <p>Không có hồ sơ nào đổi đơn vị.</p>}
      {of.moves.map((m) => (
        <div key={m.from.id}>
          <p><b>{m.from.name}</b> → <b>{m.to.name}</b>: <span class="num">{numberText(m.total)}</span> mục</p>
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

function ActForm({ items, onClose, onDone }: { items: Node[]; onClose: () => void; onDone: () => void }) {
  const [act, setAct] = useState<Kind>('merge');
  const [chosen, setChosen] = useState<string[]>([]);
  const [target, setTarget] = useState('');
  const [preview, setPreview] = useState<{ body: string; of: OrganisationPreview } | null>(null);
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
    if (act === 'rename') body.name = text('name');
    if (act === 'move') body.parent_id = text('parent');
    if (act === 'merge') body.into = [target ? { id: target } : fresh];
    if (act === 'abolish') body.into = [{ id: target }];
    if (act === 'split') {
      body.into = lines(text('parts')).map((name) => ({ name }));
      body.remains = data.get('remains') === 'on';
    }
    return body;
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = bodyOf(event.currentTarget as HTMLFormElement);
    setProblem('');
    try {
      if (preview?.body !== JSON.stringify(body)) {
        setPreview({ body: JSON.stringify(body), of: await post('/organisations/acts/preview', { body }) });
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
  const options = items.map((a) => <option key={a.id} value={a.id}>{a.name}</option>);
  return (
    <Drawer title="Ghi việc sắp xếp tổ chức" onClose={onClose} testid="act-drawer">
      <form class="form" onSubmit={(e) => void submit(e)} onInput={() => setPreview(null)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        <label>Việc<select value={act} data-testid="act-kind" onChange={(e) => { setAct(e.currentTarget.value as Kind); setTarget(''); }}>
          {(Object.keys(kActs) as Kind[]).map((k) => <option key={k} value={k}>{kActs[k]}</option>)}</select></label>
        {many ? (
          <fieldset><legend>{act === 'merge' ? 'Các đơn vị sáp nhập' : 'Các đơn vị chuyển'}</legend>{items.map((a) => (
            <label class="check" key={a.id}><input type="checkbox" name="agencies" value={a.id} checked={chosen.includes(a.id)}
              onChange={() => setChosen(chosen.includes(a.id) ? chosen.filter((x) => x !== a.id) : [...chosen, a.id])} /> {a.name}</label>
          ))}</fieldset>
        ) : <label>Đơn vị<select name="agency" required data-testid="act-agency"><option value="">Chọn đơn vị</option>{options}</select></label>}
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
          <label>Tên các đơn vị sau chia tách<span class="hint">Mỗi dòng một tên. Đơn vị ở dòng đầu nhận toàn bộ hồ sơ, máy, người dùng; sau đó chuyển riêng từng mục.</span>
            <textarea name="parts" rows={3} required /></label>
          <label class="check"><input type="checkbox" name="remains" /> <span>Đơn vị cũ vẫn hoạt động<span class="hint">Khi đó hồ sơ giữ nguyên ở đơn vị cũ</span></span></label>
        </>}
        <label>Có hiệu lực từ ngày<input type="date" name="in_force" required data-testid="act-day" /></label>
        <label>Số quyết định, nghị quyết<input name="decision" required maxLength={200} data-testid="act-decision" /></label>
        <label>Ghi chú<textarea name="note" rows={2} maxLength={2000} /></label>
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

function Acts({ items, onWithdraw }: { items: OrganisationAct[]; onWithdraw: (act: OrganisationAct) => void }) {
  if (items.length === 0) return <Blank title="Chưa có việc sắp xếp nào" />;
  return (
    <table class="cards"><thead><tr><th>Từ ngày</th><th>Việc</th><th>Đơn vị</th><th>Thành</th><th>Số quyết định</th><th>Tình trạng</th><th /></tr></thead>
      <tbody>{items.map((a) => (
        <tr key={a.id} data-row tabIndex={-1} data-testid="act-row"><td data-label="Từ ngày" class="num nowrap">{day(a.in_force)}</td><td data-label="Việc">{kActs[a.act]}</td>
          <td data-label="Đơn vị" class="grow">{a.agencies.map((one) => one.name).join(', ')}</td><td data-label="Thành">{becomes(a)}</td><td data-label="Số quyết định">{a.decision_number}</td>
          <td data-label="Tình trạng">{kStates[a.state]}{a.state === 'done' && a.moved > 0 && <span class="muted">, <span class="num">{numberText(a.moved)}</span> mục đã chuyển</span>}
            {a.problem && <span class="muted entity">{a.problem}</span>}</td>
          <td class="right">{(a.state === 'planned' || a.state === 'blocked') && may('create:agency') && <Button kind="text" data-primary onClick={() => onWithdraw(a)} data-testid="withdraw">Rút</Button>}</td></tr>
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
