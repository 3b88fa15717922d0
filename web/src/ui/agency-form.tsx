// SPDX-License-Identifier: Apache-2.0
// The form of an agency. What the person may not change is shown and locked; the hub says which members those are.
import { useState } from 'preact/hooks';
import { patch, post, problemFrom } from '../api/client';
import type { Agency } from '../api/types';
import { agencies as knownAgencies } from './agencies';
import { Button, Drawer } from './parts';
import '../styles/account.css';

export function AgencyForm({ agency, onClose, onDone }: { agency: Agency | null; onClose: () => void; onDone: () => void }) {
  const [problem, setProblem] = useState('');
  const free = (member: string): boolean => !agency?.may_change || agency.may_change.includes(member);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    const all = { name: text('name'), short_name: text('short_name'), contact: text('contact'), has_own_system: data.get('own') === 'on',
                  addresses: text('addresses').split(/[\s,;]+/).filter(Boolean) };
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
        <label>Tên viết tắt<input name="short_name" maxLength={60} defaultValue={agency?.short_name ?? ''} readOnly={!free('short_name')} data-testid="agency-short" /></label>
        <label>Thông tin liên hệ<input name="contact" maxLength={500} defaultValue={agency?.contact ?? ''} readOnly={!free('contact')} data-testid="agency-contact" /></label>
        {!agency && <label>Mã<span class="hint">Chữ thường, số và dấu gạch nối. Ví dụ: so-y-te</span><input name="code" required pattern="[a-z0-9\-]{1,40}" data-testid="agency-code" /></label>}
        <label>Địa chỉ mạng gửi nhật ký<span class="hint">Mỗi dòng một mạng. Ví dụ: 10.20.3.0/24</span><textarea name="addresses" rows={3} defaultValue={agency?.addresses?.join('\n')} readOnly={!free('addresses')} /></label>
        <label class="check"><input type="checkbox" name="own" defaultChecked={agency?.has_own_system} disabled={!free('has_own_system')} /> <span>Có hệ thống thông tin riêng<span class="hint">Khi đó các điều khoản về phòng máy, máy chủ, sao lưu áp dụng với cơ quan</span></span></label>
        <Button kind="main" type="submit" data-testid="agency-save">Lưu</Button>
      </form>
    </Drawer>
  );
}
