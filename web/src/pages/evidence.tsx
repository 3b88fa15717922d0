// SPDX-License-Identifier: Apache-2.0
// Chứng cứ: what is kept, per case; taking in, packages, legal holds.
import { useState } from 'preact/hooks';
import { address, get } from '../api/client';
import { lazy } from '../app/lazy';
import { navigate, query, setQuery } from '../app/router';
import { changes } from '../app/stream';
import type { EvidenceBag, EvidenceItem } from '../api/types';
import { bytesText, dateText, numberText } from '../text/format';
import { mayKeepEvidence, stateWords } from '../ui/custody';
import { Holds } from '../ui/holds';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, CopyButton, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import type { IntakeProps } from './evidence-intake';
import type { BagProps } from './evidence-bag';
import '../styles/evidence.css';

const Intake = lazy<IntakeProps>(() => import('./evidence-intake'));
const BagForm = lazy<BagProps>(() => import('./evidence-bag'));

export function EvidenceMark({ e }: { e: Pick<EvidenceItem, 'state' | 'held' | 'sealed'> }) {
  const icon = e.state === 'destroyed' ? 'cross' : e.state === 'handed_over' || e.state === 'returned' ? 'right' : e.state === 'sealed' ? 'lock' : e.state === 'in_analysis' ? 'search' : 'case';
  return (
    <span class="state-mark"><Icon name={icon} size={16} /><span>{stateWords[e.state]}{e.sealed && e.state !== 'sealed' && ', còn niêm phong'}
      {e.held && <span class="held"><Icon name="lock" size={16} /> giữ nguyên</span>}</span></span>
  );
}

function Bags({ caseId, turn }: { caseId: string; turn: number }) {
  const loaded = useLoad((abort) => get('/evidence/bags', { signal: abort, query: { case: caseId } }), [caseId, turn]);
  return (
    <section class="panel" aria-labelledby="bags" data-testid="bags">
      <h2 id="bags">Gói bàn giao</h2>
      <Shown of={loaded} rows={2}>
        {({ items }) => items.length === 0 ? <p class="muted">Chưa lập gói nào.</p> : (
          <ul class="list">{items.map((b: EvidenceBag) => (
            <li key={b.id} data-testid="bag" data-id={b.id}>
              <Icon name="file" size={16} /> <a data-raw href={address('/evidence/bags/{id}/content', { id: b.id })} download={`${b.name}.zip`}>{b.name}.zip</a> <span class="muted num">{bytesText(b.size_bytes)}</span>{b.exercise && <> <span class="tag">diễn tập</span></>}
              <p>{b.act === 'copied' ? 'Bản sao cho' : 'Giao cho'} {inert(b.to)}: {b.numbers.join(', ')}</p>
              <p class="muted">{inert(b.made_by)} lập <When at={b.made_at} />. {b.request_id ? <a href={`/so-dang-ky/coordination_request/${encodeURIComponent(b.request_id)}`}>Theo đề nghị</a> : `Không có đề nghị: ${inert(b.no_request_reason ?? '')}`}</p>
              <p class="small">Mã của gói, ghi vào biên bản: <code class="hash">{b.tagmanifest_sha256}</code><CopyButton text={b.tagmanifest_sha256} label="Chép mã" /></p>
            </li>
          ))}</ul>
        )}
      </Shown>
    </section>
  );
}

export default function EvidencePage() {
  const q = query.value;
  const [caseId, state, text, cursor] = ['vu', 'state', 'q', 'cursor'].map((name) => q.get(name) ?? '') as [string, string, string, string];
  const [taking, setTaking] = useState(q.get('nhan') === '1');
  const [packing, setPacking] = useState(false);
  const [turn, setTurn] = useState(0);
  const loaded = useLoad((abort) => get('/evidence', { signal: abort, query: { case: caseId, state, q: text, cursor } }), [caseId, state, text, cursor]);
  const of = useLoad((abort) => caseId ? get('/incidents/{id}', { path: { id: caseId }, signal: abort }) : Promise.resolve(null), [caseId]);
  useChange(changes.record.value, loaded.reload, 3000);
  const reload = (): void => { loaded.reload(); setTurn(turn + 1); };
  const isFiltered = state !== '' || text !== '' || caseId !== '';
  return (
    <>
      {caseId && <p class="crumb"><a href={`/su-co/${encodeURIComponent(caseId)}`}>{of.data ? inert(of.data.title) : 'Sự cố'}</a></p>}
      <PageHead title={caseId ? 'Chứng cứ của vụ việc' : 'Chứng cứ'} sub={loaded.data && `${numberText(loaded.data.total)} chứng cứ. Mỗi việc làm với chứng cứ là một dòng đã ký trong sổ theo dõi.`}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
        {mayKeepEvidence() && caseId && <Button icon="file" onClick={() => setPacking(true)} data-testid="new-bag">Lập gói bàn giao</Button>}
        {mayKeepEvidence() && <Button kind="main" icon="plus" onClick={() => setTaking(true)} data-testid="take-evidence">Nhận chứng cứ</Button>}
      </PageHead>
      {of.data?.exercise && <p class="banner drill" data-testid="drill-banner"><b>DIỄN TẬP.</b> Chứng cứ và gói bàn giao dưới đây không phải việc thật.</p>}
      <div class="filters-row">
        <form class="inline" role="search" onSubmit={(e) => { e.preventDefault(); setQuery({ q: String(new FormData(e.currentTarget).get('q')), cursor: null }); }}>
          <input name="q" data-search type="search" defaultValue={text} placeholder="Tìm chứng cứ" aria-label="Tìm chứng cứ" />
        </form>
        <div class="chips" role="group" aria-label="Trạng thái">
          <Chip pressed={state === ''} onClick={() => setQuery({ state: null, cursor: null })}>Tất cả</Chip>
          {Object.entries(stateWords).map(([id, word]) => <Chip key={id} pressed={state === id} onClick={() => setQuery({ state: id, cursor: null })}>{word}</Chip>)}
        </div>
        {caseId && <Chip pressed onClick={() => setQuery({ vu: null, cursor: null })}>Vụ việc: {of.data ? inert(of.data.title) : 'đã chọn'} ×</Chip>}
      </div>
      <Shown of={loaded} rows={8}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="case" title={isFiltered ? 'Không có chứng cứ nào khớp' : 'Chưa có chứng cứ nào'}>
            <p>Nhận tệp vào hệ thống, trích nhật ký, hoặc ghi nhận ảnh đĩa và thiết bị giữ bên ngoài theo mã băm.</p>
            {mayKeepEvidence() && <Button icon="plus" onClick={() => setTaking(true)}>Nhận chứng cứ</Button>}
          </Blank>
        ) : (
          <>
            <table class="cards evidence-table" data-testid="evidence-table">
              <thead><tr><th>Ký hiệu</th><th>Chứng cứ</th><th>Cơ quan</th><th>Ngày thu</th><th class="right">Dung lượng</th><th>Đang giữ</th><th>Trạng thái</th></tr></thead>
              <tbody>{items.map((e) => (
                <tr key={e.id} data-row tabIndex={-1} data-testid="evidence-row" data-id={e.id}>
                  <td data-label="Ký hiệu" class="num nowrap">{e.number}</td>
                  <td data-label="Chứng cứ" class="grow"><a data-primary href={`/chung-cu/${encodeURIComponent(e.id)}`}>{inert(e.label)}</a>{e.outside && <span class="muted"> giữ bên ngoài</span>}{!caseId && e.case_id && <a class="of-case small" href={`/chung-cu?vu=${encodeURIComponent(e.case_id)}`}>{inert(e.case_title ?? 'Vụ việc')}</a>}</td>
                  <td data-label="Cơ quan">{e.agency_name}</td>
                  <td data-label="Ngày thu" class="num nowrap">{dateText(`${e.taken_on}T00:00:00+07:00`)}</td>
                  <td data-label="Dung lượng" class="right num nowrap">{e.size_bytes ? bytesText(e.size_bytes) : ''}</td>
                  <td data-label="Đang giữ">{inert(e.holder)}</td>
                  <td data-label="Trạng thái"><EvidenceMark e={e} /></td>
                </tr>
              ))}</tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      <div class="two">
        <Bags caseId={caseId} turn={turn} />
        <Holds key={caseId} of={caseId ? { case_id: caseId } : {}} />
      </div>
      {taking && <Intake caseId={caseId} onClose={() => { setTaking(false); reload(); }} onTaken={(item) => navigate(`/chung-cu/${encodeURIComponent(item.id)}`)} />}
      {packing && loaded.data && <BagForm caseId={caseId} items={loaded.data.items} onClose={() => setPacking(false)} onMade={() => { setPacking(false); reload(); }} />}
    </>
  );
}

