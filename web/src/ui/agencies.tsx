// SPDX-License-Identifier: Apache-2.0
// The list of agencies, asked once, and the filter that uses it.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import { may, session } from '../app/session';
import { compareNames } from '../text/format';

/** Those that one may choose; names of what is no more are known, too. */
export const agencies = signal<{ id: string; name: string }[] | null>(null);
const ended = signal<Record<string, string>>({});

export function useAgencies(): { id: string; name: string }[] {
  useEffect(() => {
    if (agencies.value) return;
    if (!may('read:agency')) {
      const user = session.value!;
      agencies.value = user.agencies ?? user.user.agency_ids.map((id) => ({ id, name: id }));
      return;
    }
    get('/agencies').then(
      ({ items }) => {
        ended.value = Object.fromEntries(items.filter((a) => a.state !== 'active').map((a) => [a.id, a.name]));
        agencies.value = items.filter((a) => a.state === 'active').sort((a, b) => compareNames(a.name, b.name));
      },
      () => undefined,  // the filter stays away; the list itself reports the trouble
    );
  }, []);
  return agencies.value ?? [];
}

export function agencyName(id: string): string {
  return agencies.value?.find((a) => a.id === id)?.name ?? ended.value[id] ?? id;
}

export function AgencySelect({ value, onChange, label = 'Cơ quan', all = 'Mọi cơ quan', required = false }: {
  value: string; onChange: (id: string) => void; label?: string; all?: string; required?: boolean;
}) {
  const list = useAgencies();
  if (list.length < 2 && !value && !required) return null;
  return (
    <label class="inline">{label}
      <select value={value} required={required} onChange={(e) => onChange(e.currentTarget.value)} data-testid="agency-select">
        <option value="">{all}</option>
        {list.map((a) => <option key={a.id} value={a.id}>{a.name}</option>)}
      </select>
    </label>
  );
}
