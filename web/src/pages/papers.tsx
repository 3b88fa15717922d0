// SPDX-License-Identifier: Apache-2.0
// Giấy tờ: what is being drafted, what has its number and waits for a signature, what is issued; and a new paper, from the
// incident or the record that the address names (?vu-viec=ID, ?ban-ghi=KIND/ID) or for the own agency.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { navigate, query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import type { Paper } from '../api/types';
import { dateText } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { Icon, type IconName } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';

const kStates: Record<Paper['state'], { word: string; icon: IconName; tone: string }> = {
  drafted: { word: 'Bản nháp', icon: 'pen', tone: 's-unknown' },
  numbered: { word: 'Đã cấp số, chờ ký', icon: 'clock', tone: 's-due' },
  issued: { word: 'Đã ban hành', icon: 'done', tone: 's-met' },
  decided: { word: 'Đã có quyết định', icon: 'done', tone: 's-met' },
  cancelled: { word: 'Đã hủy', icon: 'cross', tone: 's-unknown' },
};

export function PaperState({ state, awaits = false }: { state: Paper['state']; awaits?: boolean }) {
  const { word, icon, tone } = awaits && state === 'issued' ? { word: 'Đã trình, chờ quyết định', icon: 'clock' as IconName, tone: 's-due' } : kStates[state];
  return <span class={`status ${tone}`} data-testid="paper-state" data-state={state}><Icon name={icon} size={16} /><span>{word}</span></span>;
}

function NewPaper({ caseId, record, onClose }: { caseId: string; record: string; onClose: () => void }) {
  const kinds = useLoad((abort) => get('/paper-kinds', { signal: abort, query: caseId ? { from: 'case' } : record ? { record } : {} }), [caseId, record]);
  const own = session.value!.user.agency_ids;
  const [agency, setAgency] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const begin = async (paper: string): Promise<void> => {
    setBusy(true);
    try {
      const made = await post('/papers', { body: { paper, ...(caseId ? { case_id: caseId } : record ? { record } : {}), ...(agency ? { agency_id: agency } : {}) } });
      navigate(`/giay-to/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      setProblem(problemFrom(cause).text);
      setBusy(false);
    }
  };
  return (
    <Drawer title="Soạn văn bản" onClose={onClose} testid="new-paper-drawer">
      {problem && <p class="form-problem" role="alert">{problem}</p>}
      {own.length === 0 && <AgencySelect label="Cơ quan ban hành" value={agency} all="Sở chủ trì" onChange={setAgency} />}
      {!caseId && !record && <p class="muted">Văn bản về một sự cố: mở trang của sự cố rồi bấm “Soạn văn bản”, chương trình tự điền những gì đã biết.</p>}
      <Shown of={kinds} rows={4}>
        {({ items }) => {
          const fitting = items.filter((kind) => caseId || record || kind.begins.includes('agency'));
          return fitting.length === 0 ? <Blank icon="file" title="Chưa có mẫu văn bản nào phù hợp" /> : (
            <ul class="list">{fitting.map((kind) => (
              <li key={kind.id}><Button icon="file" disabled={busy} onClick={() => void begin(kind.id)} data-testid={`paper-kind-${kind.id}`}>{kind.title}</Button>
                <p class="muted">{kind.kind_title}{kind.form && `, ${kind.form}`}</p></li>
            ))}</ul>
          );
        }}
      </Shown>
    </Drawer>
  );
}

export default function Papers() {
  const q = query.value;
  const state = q.get('tinh-trang') ?? '';
  const caseId = q.get('vu-viec') ?? '';
  const record = q.get('ban-ghi') ?? '';
  const cursor = q.get('cursor') ?? '';
  const [composing, setComposing] = useState(q.get('soan') === '1');
  const loaded = useLoad((abort) => get('/papers', { signal: abort, query: { state, case: caseId, record, cursor } }), [state, caseId, record, cursor]);
  useChange(changes.record.value, loaded.reload, 4000);
  const tabs: [string, string][] = [['', 'Tất cả'], ['drafted', 'Bản nháp'], ['numbered', 'Đã cấp số, chưa ban hành'], ['issued', 'Đã ban hành'], ['decided', 'Đã có quyết định'], ['cancelled', 'Đã hủy']];
  return (
    <>
      {caseId && <p class="crumb"><a href={`/su-co/${encodeURIComponent(caseId)}`}>Về trang sự cố</a></p>}
      {record && <p class="crumb"><a href="/giay-to">Mọi văn bản</a></p>}
      <PageHead title="Giấy tờ" sub={caseId ? 'Văn bản của sự cố này.' : record ? 'Văn bản lập từ bản ghi này.' : 'Báo cáo, công văn, biên bản do chương trình soạn theo thể thức Nghị định 30/2020.'}>
        {may('create:record') && <Button kind="main" icon="plus" onClick={() => setComposing(true)} data-testid="new-paper">Soạn văn bản</Button>}
      </PageHead>
      <div class="filters-row"><div class="chips" role="group" aria-label="Tình trạng">
        {tabs.map(([id, word]) => <Chip key={id} pressed={state === id} onClick={() => setQuery({ 'tinh-trang': id || null, cursor: null })} testid={`papers-${id || 'all'}`}>{word}</Chip>)}
      </div></div>
      <Shown of={loaded} rows={8}>
        {({ items, next_cursor }) => items.length === 0 && !next_cursor ? (
          <Blank icon="file" title={state === 'numbered' ? 'Không có văn bản nào chờ ký' : 'Chưa có văn bản nào'}><p>Bấm “Soạn văn bản” để bắt đầu.</p></Blank>
        ) : (
          <>
            <table class="cards" data-testid="papers-table">
              <thead><tr><th>Văn bản</th><th>Số</th><th>Ngày</th><th>Cơ quan</th><th>Tình trạng</th><th>Soạn</th></tr></thead>
              <tbody>{items.map((p) => (
                <tr key={p.id} data-row tabIndex={-1} data-testid="paper-row" data-id={p.id}>
                  <td data-label="Văn bản" class="grow"><a data-primary href={`/giay-to/${encodeURIComponent(p.id)}`}>{p.title}</a>{p.exercise && <span class="tag">diễn tập</span>}<p class="muted" data-raw>{inert(p.subject ?? '')}</p></td>
                  <td data-label="Số" class="num">{p.number ?? ''}</td>
                  <td data-label="Ngày" class="num">{p.date ? dateText(p.date) : ''}</td>
                  <td data-label="Cơ quan">{inert(p.agency_name ?? '')}</td>
                  <td data-label="Tình trạng"><PaperState state={p.state} awaits={p.awaits_decision} /></td>
                  <td data-label="Soạn"><When at={p.made_at} /></td>
                </tr>
              ))}</tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {composing && <NewPaper caseId={caseId} record={record} onClose={() => { setComposing(false); setQuery({ soan: null }, { replace: true }); }} />}
    </>
  );
}
