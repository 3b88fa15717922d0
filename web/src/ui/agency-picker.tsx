// SPDX-License-Identifier: Apache-2.0
// Several agencies out of two hundred: a list of boxes that is narrowed by what is typed; what is chosen stays in sight.
import { useState } from 'preact/hooks';
import { fold } from '../text/format';
import { Button } from './parts';

export interface Choice {
  id: string;
  name: string;
}

const kSearchFrom = 8;  // fewer are seen at once

export function AgencyPicker({ legend, list, chosen, onChange, hint, testid = 'agency-picker' }: {
  legend: string; list: Choice[]; chosen: string[]; onChange: (ids: string[]) => void; hint?: string; testid?: string;
}) {
  const [text, setText] = useState('');
  const wanted = fold(text.trim());
  const shown = list.filter((a) => chosen.includes(a.id) || fold(a.name).includes(wanted));
  const turn = (id: string): void => onChange(chosen.includes(id) ? chosen.filter((x) => x !== id) : [...chosen, id]);
  return (
    <fieldset class="picker" data-testid={testid}>
      <legend>{legend}{chosen.length > 0 && <span class="muted"> (đã chọn <span class="num">{chosen.length}</span>)</span>}</legend>
      {hint && <span class="hint">{hint}</span>}
      {list.length >= kSearchFrom && (
        <input type="search" value={text} placeholder="Tìm theo tên" aria-label={`${legend}: tìm theo tên`} onInput={(e) => setText(e.currentTarget.value)}
               onKeyDown={(e) => e.key === 'Enter' && e.preventDefault()} data-testid={`${testid}-search`} />
      )}
      <div class="picker-list" role="group" aria-label={legend}>
        {shown.map((a) => <label class="check" key={a.id}><input type="checkbox" checked={chosen.includes(a.id)} onChange={() => turn(a.id)} data-id={a.id} /> {a.name}</label>)}
        {shown.length === 0 && <p class="muted">Không có đơn vị nào khớp.</p>}
      </div>
      {chosen.length > 0 && <Button kind="text" onClick={() => onChange([])}>Bỏ chọn hết</Button>}
    </fieldset>
  );
}
