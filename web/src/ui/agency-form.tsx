// SPDX-License-Identifier: Apache-2.0
// The form of an agency. What the person may not change is shown and locked; the hub says which members those are.
import { useState } from 'preact/hooks';
import { patch, post, problemFrom } from '../api/client';
import type { Agency } from '../api/types';
import { agencies as knownAgencies } from './agencies';
import { Button, Drawer } from './parts';
import '../styles/account.css';

type Class = { id: string; title: string };

/** What an agency says of itself; papers take it from here. */
const kOwn: ['short_name' | 'contact' | 'head_name' | 'address' | 'phone' | 'email' | 'place', string, number, string][] = [
  ['short_name', 'Tên viết tắt', 60, ''], ['contact', 'Thông tin liên hệ', 500, ''], ['head_name', 'Thủ trưởng', 200, 'Họ tên người đứng đầu, ghi ở chỗ ký'],
  ['address', 'Địa chỉ trụ sở', 300, ''], ['phone', 'Điện thoại', 60, ''], ['email', 'Thư điện tử', 200, ''], ['place', 'Địa danh trên văn bản', 100, 'Ví dụ: Hà Giang']];

/** Yes, no, or nobody said. */
function Answer({ name, label, value, locked }: { name: string; label: string; value: boolean | null | undefined; locked: boolean }) {
  return (
    <label>{label}
      <select name={name} disabled={locked} data-testid={`agency-${name}`}>
        {[['', 'Chưa rõ'], ['true', 'Có'], ['false', 'Không']].map(([id, word]) => <option key={id} value={id} selected={id === String(value ?? '')}>{word}</option>)}
      </select>
    </label>
  );
}

export function AgencyForm({ agency, classes, onClose, onDone }: { agency: Agency | null; classes: Class[]; onClose: () => void; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const free = (member: string): boolean => !agency?.may_change || agency.may_change.includes(member);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const answer = (name: string): boolean | null => text(name) ? text(name) === 'true' : null;
    const own = Object.fromEntries(kOwn.map(([name]) => [name, text(name)]));
    const all = { name: text('name'), ...own, unit_class: text('unit_class'),
                  has_own_system: answer('has_own_system'), uses_data_centre: answer('uses_data_centre'), addresses: text('addresses').split(/[\s,;]+/).filter(Boolean) };
    const body = Object.fromEntries(Object.entries(all).filter(([member]) => free(member)));
    try {
      if (agency) await patch('/agencies/{id}', { path: { id: agency.id }, body });
      else await post('/agencies', { body: { ...all, code: text('code') } });
      knownAgencies.value = null;
      onDone();
      onClose();
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  const locked = !free('name');
  return (
    <Drawer title={agency ? `Sửa ${agency.name}` : 'Thêm cơ quan'} onClose={onClose} testid="agency-drawer">
      <form class="form" onSubmit={(e) => void submit(e)}>
        {problem && <p class="form-problem" role="alert">{problem}</p>}
        {locked && <p class="muted">Các mục bị khóa do cấp tỉnh quản lý; cần sửa thì đề nghị sở chủ trì.</p>}
        <label>Tên cơ quan, đơn vị<input name="name" required maxLength={200} defaultValue={agency?.name} readOnly={locked} data-testid="agency-name" /></label>
        {kOwn.map(([name, label, most, hint]) => (
          <label key={name}>{label}{hint && <span class="hint">{hint}</span>}<input name={name} maxLength={most} defaultValue={agency?.[name] ?? ''} readOnly={!free(name)} data-testid={`agency-${name === 'short_name' ? 'short' : name}`} /></label>))}
        {!agency && <label>Mã<span class="hint">Chữ thường, số và dấu gạch nối. Ví dụ: so-y-te</span><input name="code" required pattern="[a-z0-9\-]{1,40}" data-testid="agency-code" /></label>}
        <label>Địa chỉ mạng gửi nhật ký<span class="hint">Mỗi dòng một mạng. Ví dụ: 10.20.3.0/24</span><textarea name="addresses" rows={3} defaultValue={agency?.addresses?.join('\n')} readOnly={!free('addresses')} /></label>
        <p class="hint">Các mục dưới đây quyết định nghĩa vụ nào áp dụng với cơ quan; mục chưa rõ thì nghĩa vụ liên quan cũng chưa rõ.</p>
        {(classes.length > 0 || agency?.unit_class) && (
          <label>Loại đơn vị
            <select name="unit_class" disabled={!free('unit_class')} data-testid="agency-unit_class">
              <option value="">Chưa rõ</option>
              {agency?.unit_class && !classes.some((one) => one.id === agency.unit_class) && <option value={agency.unit_class} selected>{agency.unit_class}</option>}
              {classes.map((one) => <option key={one.id} value={one.id} selected={one.id === agency?.unit_class}>{one.title}</option>)}
            </select>
          </label>
        )}
        <Answer name="has_own_system" label="Có hệ thống thông tin riêng" value={agency?.has_own_system} locked={!free('has_own_system')} />
        <Answer name="uses_data_centre" label="Đặt hoặc kết nối hệ thống vào trung tâm dữ liệu" value={agency?.uses_data_centre} locked={!free('uses_data_centre')} />
        <Button kind="main" type="submit" data-testid="agency-save">Lưu</Button>
      </form>
    </Drawer>
  );
}
