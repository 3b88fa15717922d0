// SPDX-License-Identifier: Apache-2.0
// Khai báo ban đầu: ten short screens with which an officer of a commune begins. Each writes ordinary records, shows what is there
// already and can be passed over; forms keep their drafts, the screen is remembered in this browser.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, patch, post, problemFrom } from '../api/client';
import { may, session } from '../app/session';
import type { Problem, Register } from '../api/types';
import { numberText } from '../text/format';
import { leftText } from '../text/periods';
import { agencyName, AgencySelect, useAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { dropDraft, readDraft, writeDraft } from '../ui/draft';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Button, CopyButton, PageHead, When } from '../ui/parts';
import { loadRegisters, recordName, stateTitle } from '../ui/registers';
import { SchemaForm, type Doc } from '../ui/schema-form';
import { keepStart, startState } from '../ui/start-state';
import { Shown } from '../ui/states';
import '../styles/tasks.css';

interface ScreenProps {
  agency: string;
}

/** Records of one register: what is there, and a form for one more with the fields that matter at the beginning. */
function RecordScreen({ agency, kind, fields, none, fixed = {} }: ScreenProps & { kind: string; fields: string[]; none: string; fixed?: Doc }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [turn, setTurn] = useState(0);
  const loaded = useLoad(async (abort) => {
    const [registers, { items }] = await Promise.all([loadRegisters(), get('/registers/{kind}', { signal: abort, path: { kind }, query: { agency, limit: 20 } })]);
    return { register: registers.find((r) => r.kind === kind) as Register | undefined, items };
  }, [kind, agency, turn]);
  const [adding, setAdding] = useState(false);
  const save = async (doc: Doc): Promise<boolean> => {
    try {
      // A box that nobody ticked says nothing, except where an answer is asked for.
      const required = (loaded.data!.register!.schema.required ?? []) as string[];
      const answered = Object.fromEntries(Object.entries(doc).filter(([name, value]) => value !== false || required.includes(name)));
      await post('/registers/{kind}', { path: { kind }, body: { agency_id: agency, doc: { ...fixed, ...answered } } });
      tell('Đã lưu.');
      setProblem(null);
      setAdding(false);
      setTurn((n) => n + 1);
      return true;
    } catch (cause) {
      setProblem(problemFrom(cause));
      return false;
    }
  };
  return (
    <Shown of={loaded} rows={4}>
      {({ register, items }) => {
        if (!register) return <p class="muted">Bộ quy định đang dùng không có sổ này; chuyển sang màn hình sau.</p>;
        const properties = (register.schema.properties ?? {}) as Record<string, unknown>;
        const required = (register.schema.required ?? []) as string[];
        const names = [...new Set([...required, ...fields])].filter((name) => properties[name] && !(name in fixed));
        const schema = { type: 'object', required: required.filter((n) => names.includes(n)), properties: Object.fromEntries(names.map((n) => [n, properties[n]])) };
        return (
          <>
            {items.length > 0 ? (
              <><p><b>Đã có trong sổ {register.title}:</b></p>
                <ul class="list" data-testid="start-there">{items.map((r) => (
                  <li key={r.id}><a href={`/so-dang-ky/${kind}/${encodeURIComponent(r.id)}`}>{inert(recordName(register, r.doc) || register.title)}</a>{register.states.length > 0 && <span class="muted">, {stateTitle(register, r.state).toLowerCase()}</span>}</li>))}</ul></>
            ) : <p class="muted">{none}</p>}
            {register.may_create ? (items.length === 0 || adding ? (
              <>{problem && <p class="form-problem" role="alert">{problem.text}</p>}
                <SchemaForm key={`${kind}${turn}`} id={`start-${kind}-${agency}`} schema={schema} doc={{}} submitLabel="Lưu" testid="start-form" serverErrors={problem?.fields} onSubmit={save} /></>
            ) : <p><Button icon="plus" onClick={() => setAdding(true)} data-testid="start-more">Thêm nữa</Button></p>)
              : <p class="muted">Sổ này do người khác ghi.</p>}
          </>
        );
      }}
    </Shown>
  );
}

function AgencyScreen({ agency }: ScreenProps) {
  const loaded = useLoad((abort) => get('/agencies/{id}/page', { signal: abort, path: { id: agency } }), [agency]);
  const [problem, setProblem] = useState('');
  const draftId = `start-agency-${agency}`;
  const draft = readDraft<{ short_name: string; contact: string }>(draftId);
  const typed = (form: EventTarget): { short_name: string; contact: string } => {
    const data = new FormData(form as HTMLFormElement);
    return { short_name: String(data.get('short_name')), contact: String(data.get('contact')) };
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await patch('/agencies/{id}', { path: { id: agency }, body: typed(event.currentTarget!) });
      dropDraft(draftId);
      setProblem('');
      tell('Đã lưu.');
      loaded.reload();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Shown of={loaded} rows={3}>
      {(a) => (
        <form class="form" onSubmit={(e) => void save(e)} onInput={(e) => writeDraft(draftId, typed(e.currentTarget))} data-testid="start-form">
          {problem && <p class="form-problem" role="alert">{problem}</p>}
          <p><b>{a.name}</b>{a.has_own_systems === null ? '.' : a.has_own_systems ? ', có hệ thống thông tin riêng.' : ', chỉ dùng hệ thống kết nối.'} <span class="muted">Tên và loại đơn vị do tỉnh ghi; sai thì báo đơn vị chủ trì.</span></p>
          <label>Tên viết tắt<input name="short_name" maxLength={60} defaultValue={draft?.short_name ?? a.short_name} data-testid="start-short" /></label>
          <label>Liên hệ của cơ quan<span class="hint">Ví dụ: 0219 3860 001</span><input name="contact" maxLength={500} defaultValue={draft?.contact ?? a.contact} data-testid="start-contact" /></label>
          <Button kind="main" icon="check" type="submit" data-testid="start-form-submit">Lưu</Button>
        </form>
      )}
    </Shown>
  );
}

function SystemsScreen({ agency }: ScreenProps) {
  return (
    <>
      <p>Hệ thống của riêng cơ quan (trang thông tin, phần mềm tự quản) thì ghi ở đây. Chỉ dùng hệ thống của tỉnh thì bỏ qua màn hình này.</p>
      <RecordScreen agency={agency} kind="information_system" fields={['kind', 'level', 'owner', 'shared', 'at_data_centre']} none="Chưa ghi hệ thống riêng nào." />
    </>
  );
}

function ComputersScreen({ agency }: ScreenProps) {
  const loaded = useLoad((abort) => get('/devices', { signal: abort, query: { agency, limit: 20 } }), [agency]);
  const [made, setMade] = useState<{ command: string; expires_at: string } | null>(null);
  const [problem, setProblem] = useState('');
  const create = async (): Promise<void> => {
    try {
      setMade(await post('/enrolment-tokens', { body: { agency_id: agency, note: 'Khai báo ban đầu' } }));
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Shown of={loaded} rows={3}>
      {({ items, total }) => (
        <>
          {total > 0 ? <p><b>{numberText(total)} máy đã kết nối:</b> {items.map((d) => d.name || d.hostname).map(inert).join(', ')}{total > items.length && '…'}</p>
            : <p class="muted">Chưa máy nào kết nối. Máy đã kết nối được kiểm tra mật khẩu, diệt mã độc, bản vá, nhật ký và sao lưu mà không ai phải khai tay.</p>}
          {problem && <p class="form-problem" role="alert">{problem}</p>}
          {made ? <><p>Chạy lệnh sau trên máy cần thêm, bằng quyền quản trị, trước <When at={made.expires_at} />. Mỗi máy một mã.</p><pre data-testid="enrol-command">{made.command}</pre><p><CopyButton text={made.command} label="Sao chép lệnh" /></p></>
            : may('create:enrolment_token') && <p><Button icon="plus" onClick={() => void create()} data-testid="start-enrol">Tạo mã kết nối cho một máy</Button></p>}
          <p class="muted">Thêm các máy khác sau ở trang <a href="/thiet-bi">Thiết bị</a>.</p>
        </>
      )}
    </Shown>
  );
}

function DueScreen() {
  const loaded = useLoad((abort) => get('/tasks', { signal: abort }), []);
  return (
    <Shown of={loaded} rows={4}>
      {(data) => {
        const soon = data.items.filter((t) => t.group === 'late' || t.group === 'month');
        return (
          <>
            <p>{soon.length === 0 ? 'Không có việc nào đến hạn trong tháng này.' : `${numberText(soon.length)} việc quá hạn hoặc phải xong trong tháng này:`}</p>
            <ul class="list">{soon.slice(0, 10).map((t) => (
              <li key={`${t.id}${t.status}`}><a href={`/viec-cua-toi?viec=${encodeURIComponent(t.id)}`}>{inert(t.name)}</a> <span class="muted">{t.citation}{t.last_good_day && `, ${leftText(data.today, t.last_good_day)}`}</span></li>))}</ul>
          </>
        );
      }}
    </Shown>
  );
}

interface Screen {
  title: string;
  why: string;
  body: (agency: string) => ComponentChildren;
}

const kScreens: Screen[] = [
  { title: 'Cơ quan', why: 'Để tỉnh, công an và đội ứng cứu liên hệ đúng nơi khi có việc.', body: (agency) => <AgencyScreen agency={agency} /> },
  { title: 'Người đứng đầu', why: 'Thủ trưởng chịu trách nhiệm, nhận báo cáo vượt cấp và ký xác nhận hằng quý.',
    body: (agency) => <RecordScreen agency={agency} kind="head" fields={['deputy', 'phone', 'out_of_hours_phone', 'email', 'decision_number']} none="Chưa khai báo người đứng đầu." /> },
  { title: 'Cán bộ phụ trách, đầu mối', why: 'Ai làm, ai thay khi vắng, gọi số nào ngoài giờ.',
    body: (agency) => <RecordScreen agency={agency} kind="officer" fields={['deputy', 'phone', 'out_of_hours_phone', 'email', 'decision_number']} none="Chưa khai báo cán bộ phụ trách." /> },
  { title: 'Hệ thống thông tin', why: 'Nhiều điều khoản chỉ áp dụng với nơi có hệ thống riêng.', body: (agency) => <SystemsScreen agency={agency} /> },
  { title: 'Máy tính', why: 'Máy đã kết nối thì hệ thống tự kiểm tra, không phải khai tay.', body: (agency) => <ComputersScreen agency={agency} /> },
  { title: 'Máy tính độc lập', why: 'Máy soạn tài liệu mật không nối mạng, nên phải ghi tay.',
    body: (agency) => <RecordScreen agency={agency} kind="standalone_pc" fields={['serial']} none="Chưa ghi máy tính độc lập nào." /> },
  { title: 'Sao lưu', why: 'Bản sao lưu phải cất tách khỏi dữ liệu gốc và có người giữ.',
    body: (agency) => <RecordScreen agency={agency} kind="backup_store" fields={[]} none="Chưa ghi nơi cất bản sao lưu." /> },
  { title: 'Quy chế nội bộ', why: 'Cơ quan có quy chế hoặc nội quy an toàn thông tin của mình. Ghi số văn bản ở đây, đính kèm tệp và ban hành ở trang của bản ghi.',
    body: (agency) => <RecordScreen agency={agency} kind="internal_regulation" fields={['version']} none="Chưa có quy chế nội bộ." /> },
  { title: 'Tập huấn', why: 'Lớp, hội nghị đã tổ chức hoặc đã dự trong năm.',
    body: (agency) => <RecordScreen agency={agency} kind="training" fields={['topics', 'invited', 'organiser']} none="Chưa ghi lớp tập huấn nào." /> },
  { title: 'Việc trong tháng này', why: 'Từ nay mở trang Việc của tôi mỗi khi đăng nhập.', body: () => <DueScreen /> },
];

export default function Start() {
  const user = session.value!.user;
  useAgencies();
  const [agency, setAgency] = useState(user.agency_ids[0] ?? '');
  const known = startState(user.id);
  const [at, setAt] = useState(typeof known === 'number' ? Math.min(known, kScreens.length - 1) : 0);
  const screen = kScreens[at]!;
  const last = at === kScreens.length - 1;
  const go = (to: number): void => {
    setAt(to);
    keepStart(user.id, to);
    window.scrollTo(0, 0);
  };
  useEffect(() => document.querySelector<HTMLElement>('.start-body h2')?.focus(), [at]);
  return (
    <>
      <PageHead title="Khai báo ban đầu" sub={`Màn hình ${at + 1}/${kScreens.length}${agency && `, ${agencyName(agency)}`}`}>
        <a class="button" href="/viec-cua-toi">Để sau</a>
      </PageHead>
      {user.agency_ids.length !== 1 && <p class="form owner"><AgencySelect required value={agency} all="Chọn cơ quan" onChange={setAgency} /></p>}
      <nav class="steps-line" aria-label="Các màn hình">{kScreens.map((s, i) => (
        <button type="button" key={s.title} class={i < at ? 'past' : ''} aria-current={i === at ? 'step' : undefined} aria-label={`${i + 1}. ${s.title}`} title={s.title} onClick={() => go(i)} data-testid={`start-step-${i + 1}`}>{i + 1}</button>))}</nav>
      {agency === '' ? <p class="muted">Chọn cơ quan cần khai báo.</p> : (
        <section class="panel start-body" key={`${agency}${at}`} data-testid="start-screen">
          <h2 tabIndex={-1}>{screen.title}</h2>
          <p class="muted">{screen.why}</p>
          {screen.body(agency)}
          <p class="row-actions">
            {at > 0 && <Button icon="left" onClick={() => go(at - 1)}>Quay lại</Button>}
            {last ? <a class="button main" href="/viec-cua-toi" onClick={() => keepStart(user.id, 'done')} data-testid="start-done">Xong, đến Việc của tôi</a>
              : <Button icon="right" onClick={() => go(at + 1)} data-testid="start-next">Tiếp, hoặc bỏ qua</Button>}
          </p>
        </section>
      )}
    </>
  );
}
