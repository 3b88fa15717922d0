// SPDX-License-Identifier: Apache-2.0
// Bộ lọc báo nhầm: which rules are held back, for what, until when and who answers for it.
import { get } from '../api/client';
import type { RuleFilter } from '../api/types';
import { query, setQuery } from '../app/router';
import { numberText, upperFirst } from '../text/format';
import { dayText } from '../text/periods';
import { ruleFilterWords } from '../text/words';
import { fieldWord } from '../ui/entity';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useLoad } from '../ui/load';
import { Chip, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import '../styles/alerts.css';

const kViews: [string, string][] = [['draft,in_force', 'Chưa kết thúc'], ['in_force', 'Đang có hiệu lực'], ['draft', 'Bản nháp'], ['ended', 'Đã kết thúc']];

export function conditionText(f: RuleFilter): string {
  return f.conditions.map((c) => `${upperFirst(fieldWord(c.field))}: ${c.values.map((v) => inert(v)).join(' hoặc ')}`).join('; ');
}

export function StateMark({ f }: { f: RuleFilter }) {
  const icon = f.problem ? 'late' : f.state === 'in_force' ? 'done' : f.state === 'draft' ? 'pen' : 'dash';
  return <span class="state-mark"><Icon name={icon} size={16} /> {ruleFilterWords[f.state]}{f.problem && ', không còn tác dụng'}</span>;
}

export default function RuleFilters() {
  const states = query.value.get('state') ?? 'draft,in_force';
  const rule = query.value.get('rule') ?? '';
  const loaded = useLoad((abort) => get('/rule-filters', { query: { state: states }, signal: abort }), [states]);
  const shown = (items: RuleFilter[]): RuleFilter[] => items.filter((f) => rule === '' || f.rule_id === rule);
  return (
    <>
      <PageHead title="Bộ lọc báo nhầm" sub={loaded.data && `${numberText(shown(loaded.data.items).length)} bộ lọc`} />
      <div class="filters-row">
        <div class="chips" role="group" aria-label="Trạng thái">
          {kViews.map(([value, word]) => <Chip key={value} pressed={states === value} onClick={() => setQuery({ state: value })}>{word}</Chip>)}
        </div>
        {rule && <Chip pressed onClick={() => setQuery({ rule: null })}>Luật: {loaded.data?.items.find((f) => f.rule_id === rule)?.title ?? 'đã chọn'} ×</Chip>}
      </div>
      <Shown of={loaded} rows={8}>
        {({ items }) => shown(items).length === 0 ? (
          <Blank icon="skip" title="Không có bộ lọc nào">
            <p>Khi một cảnh báo là việc bình thường, mở cảnh báo đó rồi chọn <b>Tạo bộ lọc</b>.</p>
            <p><a href="/canh-bao">Xem cảnh báo</a></p>
          </Blank>
        ) : (
          <table class="cards" data-testid="filters-table">
            <thead><tr><th>Luật</th><th>Không cảnh báo khi</th><th>Áp dụng cho</th><th>Đến hết ngày</th><th>Người chịu trách nhiệm</th><th>Trạng thái</th></tr></thead>
            <tbody>
              {shown(items).map((f) => (
                <tr key={f.id} data-row tabIndex={-1} data-testid="filter-row" data-id={f.id}>
                  <td data-label="Luật" class="grow"><a data-primary href={`/bo-loc-bao-nham/${encodeURIComponent(f.id)}`}>{inert(f.title)}</a></td>
                  <td data-label="Không cảnh báo khi">{conditionText(f)}</td>
                  <td data-label="Áp dụng cho">{f.agency_name || 'Cả tỉnh'}</td>
                  <td data-label="Đến hết ngày" class="num nowrap">{dayText(f.until)}</td>
                  <td data-label="Người chịu trách nhiệm">{inert(f.owner_name)}</td>
                  <td data-label="Trạng thái"><StateMark f={f} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </>
  );
}
