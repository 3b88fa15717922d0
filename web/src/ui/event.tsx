// SPDX-License-Identifier: Apache-2.0
// One event of the journal. Everything in it is hostile text: it is only ever set as text, with control and
// direction-changing characters made visible, so that a log line cannot disguise itself.
import type { LogEvent } from '../api/types';
import { timeText } from '../text/format';
import { factSentence } from '../text/facts';
import { portalSentence, timeQualityWords } from '../text/words';
import { agencyName } from './agencies';
import { inert } from './inert';
import { Button, CopyButton } from './parts';

export function valuesOf(event: LogEvent, field: string): string[] {
  const column = { source: event.source, host: event.host, agency: event.agency_id, logsource: event.logsource }[field];
  const value = event.fields[field] ?? column;
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** The summary is the portal's own sentence, not a line of a log. */
export function isSaid(event: LogEvent): boolean {
  return event.logsource.startsWith('phendau/');
}

export function summaryOf(event: LogEvent): string {
  if (event.logsource.startsWith('phendau/fact/')) return factSentence(event.raw);
  const message = valuesOf(event, 'message').join(' ');
  const own = event.logsource === 'phendau//hub' ? portalSentence(message, valuesOf(event, 'user').join(' ')) : null;
  return own ?? (message || event.raw);
}

export function EventDetail({ event, onFilter }: { event: LogEvent; onFilter?: (field: string, value: string, not: boolean) => void }) {
  const link = `${window.location.origin}/nhat-ky?event=${encodeURIComponent(event.ref)}`;
  const line = (field: string, value: string, filter = true) => (
    <tr key={`${field}=${value}`}>
      <th scope="row">{inert(field)}</th>
      {onFilter && (
        <td class="filters">
          {filter && (
            <>
              <Button kind="bare" icon="plus" aria-label={`Chỉ xem ${field} là ${value}`} title="Chỉ xem giá trị này"
                      onClick={() => onFilter(field, value, false)} />
              <Button kind="bare" icon="minus" aria-label={`Loại ${field} là ${value}`} title="Loại giá trị này"
                      onClick={() => onFilter(field, value, true)} />
            </>
          )}
        </td>
      )}
      <td class="value">{inert(value)}</td>
    </tr>
  );
  const quality = timeQualityWords[event.time_quality] ?? event.time_quality;
  return (
    <div class="event-detail" data-testid="event-detail">
      {event.parse_error && <p class="note-line">Không đọc được cấu trúc ({event.parse_error}); giữ nguyên bản gốc.</p>}
      <table class="fields">
        <tbody>
          <tr class="own"><th scope="row">Giờ sự kiện</th>{onFilter && <td />}<td class="value num">{timeText(event.event_time, true)} +07 <span class="muted">{quality}</span></td></tr>
          <tr class="own"><th scope="row">Giờ nhận</th>{onFilter && <td />}<td class="value num">{timeText(event.received_time, true)} +07</td></tr>
          <tr class="own"><th scope="row">Cơ quan</th>{onFilter && <td />}<td class="value">{agencyName(event.agency_id)}</td></tr>
          {line('host', event.host)}
          {line('source', event.source)}
          {line('logsource', event.logsource)}
          {Object.keys(event.fields).sort().flatMap((field) => valuesOf(event, field).map((v) => line(field, v, field !== 'message')))}
        </tbody>
      </table>
      <h3>Bản gốc</h3>
      <pre class="raw">{inert(event.raw)}</pre>
      {event.raw_base64 && <p class="muted">Bản gốc có byte không phải UTF-8; xuất dạng "bản gốc" để nhận đúng từng byte.</p>}
      <p class="row-actions">
        <CopyButton text={link} label="Sao chép liên kết" />
        <CopyButton text={event.raw} label="Sao chép bản gốc" />
      </p>
    </div>
  );
}
