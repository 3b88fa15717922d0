// SPDX-License-Identifier: Apache-2.0
// One register (list, new record) and one record (form, moves, files, history). The schema of the pack decides what is shown.
import { useState } from 'preact/hooks';
import { address, get, patch, post, problemFrom } from '../api/client';
import { lazy } from '../app/lazy';
import type { PageProps } from '../app/pages';
import { navigate, query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { ImportProps } from './import';
import type { Problem, RecordChange, Register, RegisterMove, RegisterRecord, RegisterRecordDetail, Role } from '../api/types';
import { numberText, timeText, upperFirst } from '../text/format';
import { roleWords } from '../text/words';
import { AgencySelect, useAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { download } from '../ui/download';
import { FileList, Uploads } from '../ui/files';
import { Icon } from '../ui/icon';
import { FrozenFigures, frozenOf } from '../ui/figures';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, Drawer, PageHead, When } from '../ui/parts';
import { PapersOf } from '../ui/paper-link';
import { loadRegisters, recordName, stateTitle, valueText } from '../ui/registers';
import { fieldsOf, SchemaForm, type Doc, type Field } from '../ui/schema-form';
import { Blank, ProblemNote, Shown } from '../ui/states';
import '../styles/registers.css';

const kImport = 'nhap-tu-tep';  // in place of a record's id
const ImportPage = lazy<ImportProps>(() => import('./import'));
const kColumnsMax = 5;  // more do not fit beside the agency and the state

/** Fields that a reader looks for first: what must be filled in, then what is indexed and filled in somewhere. */
function columnsOf(register: Register, records: RegisterRecord[]): Field[] {
  const fields = fieldsOf(register.schema).filter((f) => f.kind !== 'list' && f.kind !== 'long');
  const first = fields.filter((f) => f.required);
  const rest = fields.filter((f) => !f.required && register.indexed.includes(f.name) && records.some((r) => valueText(f, r.doc[f.name]) !== ''));
  return [...first, ...rest].slice(0, kColumnsMax);
}

function useRegister(kind: string) {
  const loaded = useLoad(() => loadRegisters(), []);
  return { ...loaded, register: loaded.data?.find((r) => r.kind === kind) ?? null };
}

/** A box that nobody ticked says nothing: only what must be answered, or was answered before, is written as no. */
function answered(schema: Register['schema'], doc: Doc, before: Doc): Doc {
  const untouched = fieldsOf(schema).filter((f) => f.kind === 'yes' && !f.required && doc[f.name] === false && before[f.name] === undefined);
  return Object.fromEntries(Object.entries(doc).filter(([name]) => !untouched.some((f) => f.name === name)));
}

/** What a link from a task fills in already: ?new=1&prefill={...}. */
function prefilled(): Doc {
  try {
    const doc = JSON.parse(query.value.get('prefill') ?? '{}') as unknown;
    return doc !== null && typeof doc === 'object' && !Array.isArray(doc) ? (doc as Doc) : {};
  } catch {
    return {};
  }
}

function Creating({ register, onClose }: { register: Register; onClose: () => void }) {
  const doc = prefilled();
  const [agency, setAgency] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const create = async (filled: Doc): Promise<boolean> => {
    try {
      const made = await post('/registers/{kind}', { path: { kind: register.kind }, body: { doc: answered(register.schema, filled, {}), agency_id: agency || undefined } });
      tell('Đã lưu bản ghi.');
      navigate(`/so-dang-ky/${register.kind}/${encodeURIComponent(made.id)}${query.value.get('tu') === 'viec' ? '?tu=viec' : ''}`);
      return true;
    } catch (cause) {
      setProblem(problemFrom(cause));
      return false;
    }
  };
  return (
    <Drawer title={`Thêm: ${register.title}`} onClose={onClose} testid="record-drawer">
      {problem && <p class="form-problem" role="alert">{problem.text}</p>}
      {register.owner === 'agency' && <div class="form owner"><AgencySelect value={agency} all="Cơ quan của tôi" onChange={setAgency} /></div>}
      <SchemaForm id={`new-${register.kind}${Object.values(doc).join('|')}`} schema={register.schema} doc={doc} submitLabel="Lưu" testid="record-form" serverErrors={problem?.fields} onSubmit={create} />
    </Drawer>
  );
}

function List({ register }: { register: Register }) {
  const q = query.value;
  const [state, agency, text, cursor, list] = ['state', 'agency', 'q', 'cursor', 'list'].map((name) => q.get(name) ?? '') as [string, string, string, string, string];
  const [creating, setCreating] = useState(register.may_create && q.get('new') === '1');
  const loaded = useLoad((abort) => get('/registers/{kind}', { signal: abort, path: { kind: register.kind }, query: { state, agency, q: text, cursor, list } }),
                         [register.kind, state, agency, text, cursor, list]);
  useChange(changes.record.value, loaded.reload, 4000);
  const columns = columnsOf(register, loaded.data?.items ?? []);
  const isFiltered = state !== '' || agency !== '' || text !== '' || list !== '';
  const [refused, setRefused] = useState('');
  const fetchFile = (path: string, wish: object = {}): void => {
    setRefused('');
    download(address(path, { kind: register.kind }, wish)).catch((cause: unknown) => setRefused(problemFrom(cause).text));
  };
  return (
    <>
      <p class="crumb"><a href="/so-dang-ky">Sổ đăng ký</a></p>
      <PageHead title={register.title} sub={loaded.data && `${numberText(loaded.data.total)} bản ghi`}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
        {may('export_out:record') && <Button icon="download" onClick={() => fetchFile('/registers/{kind}/export', { state, agency, q: text, list })} data-testid="export-records">Xuất ra Excel</Button>}
        {register.may_create && <Button icon="file" onClick={() => fetchFile('/registers/{kind}/template')} data-testid="blank-form">Mẫu trống</Button>}
        {register.may_create && <a class="button" href={`/so-dang-ky/${register.kind}/${kImport}`} data-testid="import-records"><Icon name="upload" size={16} />Nhập từ tệp</a>}
        {register.may_create && <Button kind="main" icon="plus" onClick={() => setCreating(true)} data-testid="new-record">Thêm bản ghi</Button>}
      </PageHead>
      {refused && <p class="form-problem" role="alert">{refused}</p>}
      <div class="filters-row">
        <form class="inline" role="search" onSubmit={(e) => { e.preventDefault(); setQuery({ q: String(new FormData(e.currentTarget).get('q')), cursor: null }); }}>
          <input name="q" data-search type="search" defaultValue={text} placeholder="Tìm trong sổ" aria-label="Tìm trong sổ" data-testid="record-search" />
        </form>
        {register.states.length > 0 && (
          <div class="chips" role="group" aria-label="Trạng thái">
            <Chip pressed={state === ''} onClick={() => setQuery({ state: null, cursor: null })}>Tất cả</Chip>
            {register.states.map((s) => <Chip key={s.id} pressed={state === s.id} onClick={() => setQuery({ state: s.id, cursor: null })}>{s.title}</Chip>)}
          </div>
        )}
        <AgencySelect value={agency} onChange={(id) => setQuery({ agency: id, cursor: null })} />
      </div>
      {register.lists.length > 0 && (
        <div class="filters-row">
          <div class="chips" role="group" aria-label="Danh sách lọc sẵn" data-testid="record-lists">
            {register.lists.map((l) => <Chip key={l.id} pressed={list === l.id} onClick={() => setQuery({ list: list === l.id ? null : l.id, cursor: null })}>{l.title}</Chip>)}
          </div>
        </div>
      )}
      <Shown of={loaded} rows={10}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="case" title={isFiltered ? 'Không có bản ghi nào khớp' : 'Sổ chưa có bản ghi nào'}>
            <p>{isFiltered ? 'Thử bỏ bớt điều kiện lọc.' : 'Điều khoản nào cần sổ này sẽ còn "chưa rõ" hoặc "đến hạn" cho đến khi có bản ghi.'}</p>
            {register.may_create && !isFiltered && <Button icon="plus" onClick={() => setCreating(true)}>Thêm bản ghi</Button>}
          </Blank>
        ) : (
          <>
            <table class="cards records-table" data-testid="records-table">
              <thead><tr>{columns.map((f) => <th key={f.name}>{f.title}</th>)}<th>Cơ quan</th>{register.states.length > 0 && <th>Trạng thái</th>}<th>Sửa lần cuối</th></tr></thead>
              <tbody>{items.map((r: RegisterRecord) => (
                <tr key={r.id} data-row tabIndex={-1} data-testid="record-row" data-id={r.id}>
                  {columns.map((f, i) => (
                    <td key={f.name} data-label={f.title} class={i === 0 ? 'grow' : ''}>
                      {i === 0 ? <a data-primary href={`/so-dang-ky/${register.kind}/${encodeURIComponent(r.id)}`}>{inert(valueText(f, r.doc[f.name]) || recordName(register, r.doc) || r.id)}</a>
                        : inert(valueText(f, r.doc[f.name]))}
                    </td>
                  ))}
                  <td data-label="Cơ quan">{r.agency_name}</td>
                  {register.states.length > 0 && <td data-label="Trạng thái">{stateTitle(register, r.state)}</td>}
                  <td data-label="Sửa lần cuối"><When at={r.updated_at} /></td>
                </tr>
              ))}</tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {creating && <Creating register={register} onClose={() => { setCreating(false); setQuery({ new: null, prefill: null }, { replace: true }); }} />}
    </>
  );
}

const titleOf = (register: Register, name: string): string => fieldsOf(register.schema).find((f) => f.name === name)?.title ?? name;

/** What a move asks besides fields that are filled in: what they say, and what other records say. */
function conditionsOf(register: Register, move: RegisterMove): string[] {
  const also = move.also.map((a) => `Khi ${a.when.map((c) => c.text).join(' và ')}: ${[...a.needs.filter((n) => !a.must.some((c) => c.field === n)).map((n) => titleOf(register, n)), ...a.must.map((c) => c.text)].join(', ')}`);
  return [...move.must.map((c) => c.text), ...also, ...move.records.map((r) => upperFirst(r.text) + (r.met === undefined ? '' : r.met ? ' (đã có)' : ' (chưa có)'))];
}

/** Who makes a move and all that it asks, for somebody who only looks on. */
function Awaited({ register, move }: { register: Register; move: RegisterMove }) {
  const filled = move.needs.filter((name) => !move.must.some((c) => c.field === name));
  const lines = [...filled.map((name) => titleOf(register, name)), ...(move.attachment ? ['Ít nhất một tệp đính kèm'] : []), ...conditionsOf(register, move)];
  return (
    <li><b>{move.title}</b><p class="muted">{waitsFor(register.moves.find((m) => m.to === move.to) ?? move)}{lines.length > 0 && ' Cần có:'}</p>
      <ul class="needs muted">{lines.map((line) => <li key={line}>{line}</li>)}</ul></li>
  );
}

function Moving({ register, record, move, onClose, onDone }: {
  register: Register; record: RegisterRecordDetail; move: RegisterMove; onClose: () => void; onDone: (r: RegisterRecordDetail) => void;
}) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const properties = (register.schema.properties ?? {}) as Record<string, unknown>;
  const asked = move.when.map((c) => c.field).filter((name) => record.doc[name] === undefined);
  const names = [...new Set([...asked, ...move.needs, ...move.also.flatMap((a) => [...a.needs, ...a.must.map((c) => c.field)]), ...move.fills])];
  const schema = { type: 'object', required: [...asked, ...move.needs], properties: Object.fromEntries(names.map((name) => [name, properties[name]])) };
  const conditions = conditionsOf(register, move);
  const send = async (doc: Doc): Promise<boolean> => {
    try {
      onDone(await post('/registers/{kind}/{id}/move', { path: { kind: register.kind, id: record.id }, body: { to: move.to, doc: answered(schema, doc, record.doc), version: record.version } }));
      tell(`${move.title}: đã ghi.`);
      return true;
    } catch (cause) {
      setProblem(problemFrom(cause));
      return false;
    }
  };
  return (
    <Drawer title={move.title} onClose={onClose} testid="move-drawer">
      {problem && <p class="form-problem" role="alert">{problem.text}</p>}
      <p>Chuyển bản ghi sang trạng thái <b>{stateTitle(register, move.to)}</b>.{move.attachment && ' Cần có ít nhất một tệp đính kèm.'}</p>
      {conditions.length > 0 && <ul class="muted" data-testid="move-conditions">{conditions.map((c) => <li key={c}>{c}</li>)}</ul>}
      <SchemaForm id={`move-${record.id}-${move.to}`} schema={schema} doc={record.doc} submitLabel={move.title} testid="move-form" serverErrors={problem?.fields} onSubmit={send} />
    </Drawer>
  );
}

function History({ register, record, onUndone }: { register: Register; record: RegisterRecordDetail; onUndone: (r: RegisterRecordDetail) => void }) {
  const loaded = useLoad((abort) => get('/registers/{kind}/{id}/history', { signal: abort, path: { kind: register.kind, id: record.id } }), [record.version]);
  const [undoing, setUndoing] = useState<RecordChange | null>(null);
  const [problem, setProblem] = useState('');
  const fields = fieldsOf(register.schema);
  // The first change fills everything in; the later ones say from what to what.
  const differences = (now: RecordChange, before?: RecordChange): string =>
    fields.filter((f) => JSON.stringify(now.doc[f.name]) !== JSON.stringify(before?.doc[f.name])).map((f) => {
      const [from, to] = [valueText(f, before?.doc[f.name]), valueText(f, now.doc[f.name])];
      return before && f.kind !== 'long' && f.kind !== 'list' ? `${f.title}: ${from || '(trống)'} → ${to || '(trống)'}` : f.title;
    }).join('; ');
  const undo = async (event: Event): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason'));
    try {
      onUndone(await post('/registers/{kind}/{id}/undo', { path: { kind: register.kind, id: record.id }, body: { sequence: undoing!.sequence, reason } }));
      setUndoing(null);
      tell('Đã quay lại nội dung trước, ghi thành một lần thay đổi mới.');
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <section class="panel"><h2>Lịch sử</h2>
      <Shown of={loaded} rows={3}>
        {({ items }) => (
          <ol class="timeline" data-testid="record-history">
            {items.map((c, i) => (
              <li key={c.sequence}><When at={c.at} />
                <span><b>{c.by}</b>{c.on_behalf && <span class="muted"> (nhập thay)</span>}: {c.reason === 'created' ? 'tạo bản ghi' : c.reason === 'changed' ? 'sửa' : inert(c.reason)}
                  {register.states.length > 0 && <span class="muted">, {stateTitle(register, c.state)}</span>}
                  {differences(c, items[i + 1]) && <span class="entity muted">{differences(c, items[i + 1])}</span>}
                  {i > 0 && record.may_update && <Button kind="text" onClick={() => { setProblem(''); setUndoing(c); }}>Quay lại nội dung này</Button>}
                </span></li>
            ))}
          </ol>
        )}
      </Shown>
      {undoing && (
        <Drawer title="Quay lại nội dung trước" onClose={() => setUndoing(null)} testid="undo-drawer">
          <form class="form" onSubmit={(e) => void undo(e)}>
            {problem && <p class="form-problem" role="alert">{problem}</p>}
            <p>Nội dung lúc {timeText(undoing.at)} được ghi lại thành một lần thay đổi mới; không lần nào bị xóa.</p>
            <label>Lý do<span class="hint">Ví dụ: nhập nhầm số quyết định</span><textarea name="reason" rows={3} required maxLength={2000} data-testid="undo-reason" /></label>
            <Button kind="main" type="submit" data-testid="undo-send">Quay lại</Button>
          </form>
        </Drawer>
      )}
    </section>
  );
}

function Details({ register, record }: { register: Register; record: RegisterRecordDetail }) {
  return (
    <dl class="pairs" data-testid="record-details">
      {fieldsOf(register.schema).filter((f) => record.doc[f.name] !== undefined).map((f) => (
        <div key={f.name}><dt>{f.title}</dt>
          <dd class={f.kind === 'long' ? 'pre' : ''}>{f.kind === 'list' ? (record.doc[f.name] as Doc[]).map((row, i) => (
            <p key={i}>{f.parts!.map((p) => valueText(p, row[p.name])).filter(Boolean).join(', ')}</p>)) : inert(valueText(f, record.doc[f.name]))}</dd></div>
      ))}
    </dl>
  );
}

function waitsFor(move: RegisterMove): string {
  const who = (move.by ?? []).map((role) => role === 'addressee' ? 'nơi nhận' : roleWords[role as Role]?.toLowerCase()).filter(Boolean);
  return who.length > 0 ? `${upperFirst(who.join(', '))} thực hiện.` : 'Người có thẩm quyền thực hiện.';
}

function One({ register, id }: { register: Register; id: string }) {
  const loaded = useLoad((abort) => get('/registers/{kind}/{id}', { signal: abort, path: { kind: register.kind, id } }), [register.kind, id]);
  const [editing, setEditing] = useState(false);
  const [moving, setMoving] = useState<RegisterMove | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (record: RegisterRecordDetail, doc: Doc): Promise<boolean> => {
    // What was emptied in the form is removed.
    const known = fieldsOf(register.schema).map((f) => f.name);
    const removed = Object.fromEntries(Object.keys(record.doc).filter((name) => known.includes(name) && !(name in doc)).map((name) => [name, null]));
    try {
      loaded.set(await patch('/registers/{kind}/{id}', { path: { kind: register.kind, id }, body: { doc: { ...removed, ...answered(register.schema, doc, record.doc) }, version: record.version } }));
      setEditing(false);
      tell('Đã lưu.');
      return true;
    } catch (cause) {
      setProblem(problemFrom(cause));
      return false;
    }
  };
  return (
    <Shown of={loaded}>
      {(record) => (
        <>
          <p class="crumb">{query.value.get('tu') === 'viec' && <><a href="/viec-cua-toi" data-testid="back-to-tasks">Về Việc của tôi</a> · </>}<a href="/so-dang-ky">Sổ đăng ký</a> / <a href={`/so-dang-ky/${register.kind}`}>{register.title}</a></p>
          <PageHead title={inert(recordName(register, record.doc)) || register.title}
                    sub={<>{record.agency_name}{register.states.length > 0 && <>, <b data-testid="record-state">{stateTitle(register, record.state)}</b></>}</>}>
            {record.moves.filter((m) => m.allowed).map((m) => (
              <Button key={m.to} kind="main" onClick={() => setMoving(m)} data-testid={`move-${m.to}`}>{m.title}</Button>))}
            {record.may_update && !editing && <Button icon="pen" onClick={() => { setProblem(null); setEditing(true); }} data-testid="edit-record">Sửa</Button>}
          </PageHead>
          {record.addressed && <p class="note-line" data-testid="addressed">{record.agency_name} lập bản ghi này và gửi đến cơ quan của anh/chị: anh/chị đọc và thực hiện các bước dành cho nơi nhận.</p>}
          <div class="split">
            <div>
              <section class="panel"><h2 class="sr-only">Nội dung</h2>
                {problem && <p class="form-problem" role="alert">{problem.text}</p>}
                {editing ? <SchemaForm id={`edit-${record.id}`} schema={register.schema} doc={record.doc} submitLabel="Lưu" testid="record-form" serverErrors={problem?.fields} onSubmit={(doc) => save(record, doc)} />
                  : <Details register={register} record={record} />}
                {frozenOf(register.schema).map((name) => <FrozenFigures key={name} figures={record.doc[name]} />)}
              </section>
              <History register={register} record={record} onUndone={loaded.set} />
            </div>
            <aside>
              <section class="panel"><h2>Tệp đính kèm</h2>
                {record.attachments.length === 0 && <p class="muted">Chưa có tệp nào.</p>}
                <FileList files={record.attachments} />
                {(record.may_attach ?? record.may_update) && <Uploads record={`${register.kind}/${record.id}`} onStored={loaded.reload} />}
              </section>
              <PapersOf record={`${register.kind}/${record.id}`} />
              {record.moves.some((m) => !m.allowed) && (
                <section class="panel"><h2>Bước tiếp theo</h2>
                  <ul class="list">{record.moves.filter((m) => !m.allowed).map((m) => <Awaited key={m.to} register={register} move={m} />)}</ul>
                </section>
              )}
            </aside>
          </div>
          {moving && <Moving register={register} record={record} move={moving} onClose={() => setMoving(null)} onDone={(r) => { loaded.set(r); setMoving(null); }} />}
        </>
      )}
    </Shown>
  );
}

export default function RegisterPage({ id }: PageProps) {
  const [kind = '', record = ''] = id.split('/');
  const { register, data, problem, reload } = useRegister(kind);
  useAgencies();  // names for fields that hold an agency
  if (!data && problem) return <ProblemNote problem={problem} retry={reload} />;
  if (!data) return <Shown of={{ data: null as null, problem: null, loading: true, reload, set: () => undefined }}>{() => null}</Shown>;
  if (!register) return <Blank icon="search" title="Không có sổ này"><p>Bộ quy định đang dùng không có sổ này, hoặc vai trò của anh chị không dùng đến.</p><a href="/so-dang-ky">Xem các sổ</a></Blank>;
  if (record === kImport && register.may_create) return <ImportPage register={register} />;
  return record ? <One register={register} id={record} /> : <List register={register} />;
}
