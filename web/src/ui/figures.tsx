// SPDX-License-Identifier: Apache-2.0
// Figures of an agency at one moment: statuses with counts, machines, incidents, what is late. Live on the page of an agency,
// frozen in a sign-off.
import type { Status, StatusCounts } from '../api/types';
import { numberText } from '../text/format';
import { statusOrder } from '../text/words';
import { inert } from './inert';
import { When } from './parts';
import type { Schema } from './schema-form';
import { StatusMark } from './status';
import '../styles/tasks.css';

export interface Figures {
  taken_at: string;
  obligations: StatusCounts;
  late: string[];
  devices: number;
  open_incidents: number;
  open_alerts: number;
}

/** Names of the members that the hub fills in. */
export function frozenOf(schema: Schema): string[] {
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(([, p]) => p['x-frozen'] === true).map(([name]) => name);
}

export function FigureTable({ figures, link }: { figures: Figures; link?: (status: Status) => string }) {
  const shown = statusOrder.filter((s) => (figures.obligations[s] ?? 0) > 0);
  return (
    <table class="figures" data-testid="figures">
      <tbody>
        {shown.map((s) => (
          <tr key={s}><th scope="row">{link ? <a href={link(s)}><StatusMark status={s} /></a> : <StatusMark status={s} />}</th><td class="right num">{numberText(figures.obligations[s] ?? 0)}</td></tr>))}
        <tr><th scope="row">Máy đã kết nối</th><td class="right num">{numberText(figures.devices)}</td></tr>
        <tr><th scope="row">Sự cố đang mở</th><td class="right num">{numberText(figures.open_incidents)}</td></tr>
        <tr><th scope="row">Cảnh báo chưa đóng</th><td class="right num">{numberText(figures.open_alerts)}</td></tr>
      </tbody>
    </table>
  );
}

export function FrozenFigures({ figures }: { figures: unknown }) {
  if (!figures || typeof figures !== 'object' || !('obligations' in figures)) return null;
  const f = figures as Figures;
  return (
    <section class="stack sign-lines">
      <h3>Số liệu lúc <When at={f.taken_at} /></h3>
      <FigureTable figures={f} />
      {f.late.length > 0 && <><p><b>Quá hạn, vi phạm:</b></p><ul>{f.late.map((line, i) => <li key={i}>{inert(line)}</li>)}</ul></>}
    </section>
  );
}
