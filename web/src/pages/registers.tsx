// SPDX-License-Identifier: Apache-2.0
// Sổ đăng ký: every register that the role may read, by what it is about.
import type { Register } from '../api/types';
import { compareNames, fold } from '../text/format';
import { query, setQuery } from '../app/router';
import { useLoad } from '../ui/load';
import { PageHead } from '../ui/parts';
import { loadRegisters } from '../ui/registers';
import { Blank, Shown } from '../ui/states';
import '../styles/registers.css';

const kGroups: [Register['group'], string][] = [
  ['who', 'Tổ chức và con người'], ['what', 'Hệ thống, thiết bị, tài sản'], ['network', 'Mạng'],
  ['accounts', 'Tài khoản'], ['doing', 'Việc làm trong năm'],
];

export default function Registers() {
  const wanted = query.value.get('q') ?? '';
  const loaded = useLoad(() => loadRegisters(), []);
  const onPhone = window.matchMedia('(max-width: 760px)').matches;
  const matches = (r: Register): boolean => fold(r.title).includes(fold(wanted.trim()));
  return (
    <>
      <PageHead title="Sổ đăng ký" sub={loaded.data && `${loaded.data.length} sổ`} />
      <div class="filters-row">
        <input data-search type="search" value={wanted} placeholder="Tìm sổ theo tên" aria-label="Tìm sổ theo tên" data-testid="register-search"
               onInput={(e) => setQuery({ q: e.currentTarget.value }, { replace: true })} />
      </div>
      <Shown of={loaded}>
        {(items) => !items.some(matches) ? <Blank title="Không có sổ nào khớp"><p>Thử gõ ít chữ hơn.</p></Blank> : (
          <div class="register-groups">
            {kGroups.map(([group, title]) => {
              const shown = items.filter((r) => r.group === group && matches(r)).sort((a, b) => compareNames(a.title, b.title));
              return shown.length > 0 && (
                <details class="panel" key={group} open={!onPhone || wanted !== ''}>
                  <summary><h2>{title} <span class="muted num">{shown.length}</span></h2></summary>
                  <ul class="register-list">
                    {shown.map((r) => <li key={r.kind} data-row tabIndex={-1}><a data-primary href={`/so-dang-ky/${r.kind}`} data-testid={`register-${r.kind}`}>{r.title}</a></li>)}
                  </ul>
                </details>
              );
            })}
          </div>
        )}
      </Shown>
    </>
  );
}
