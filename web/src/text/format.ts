// SPDX-License-Identifier: Apache-2.0
// Numbers, times and words as a Vietnamese office writes them. The clock is Asia/Ho_Chi_Minh, which has been +07 without
// summer time since 1975, so plain arithmetic is enough and old browsers agree. Pure.

const kOffsetMs = 7 * 3600 * 1000;
const kMinute = 60_000;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

const two = (n: number): string => String(n).padStart(2, '0');

function shifted(time: string | number | Date): Date | null {
  const ms = time instanceof Date ? time.getTime() : typeof time === 'number' ? time : Date.parse(time);
  return Number.isFinite(ms) ? new Date(ms + kOffsetMs) : null;
}

/** 24/07/2026 */
export function dateText(time: string | number | Date): string {
  const d = shifted(time);
  return d ? `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${d.getUTCFullYear()}` : '';
}

/** 24/07/2026 09:05:07, seconds on request */
export function timeText(time: string | number | Date, seconds = false): string {
  const d = shifted(time);
  if (!d) return '';
  const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${seconds ? `:${two(d.getUTCSeconds())}` : ''}`;
  return `${dateText(time)} ${clock}`;
}

/** The last moment that is in time: a due instant at midnight means the day before. */
export function dueText(time: string): string {
  return clockText(time) === '00:00' ? `hết ngày ${dateText(Date.parse(time) - 1)}` : timeText(time);
}

/** 09:05 */
export function clockText(time: string | number | Date, seconds = false): string {
  return timeText(time, seconds).slice(11);
}

/** "24/07/2026 09:05", "24/07/2026", with or without seconds, -> RFC 3339 in UTC; null when it is not a time. */
export function parseTime(text: string): string | null {
  const m = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$/.exec(text);
  if (!m) return null;
  const [day, month, year, hour, minute, second] = m.slice(1).map((x) => Number(x ?? 0)) as [
    number, number, number, number, number, number];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(utc).getUTCDate() !== day) return null;
  return new Date(utc - kOffsetMs).toISOString().replace('.000Z', 'Z');
}

const kNumber = new Intl.NumberFormat('vi-VN', { maximumFractionDigits: 1 });

/** 1.234,5 */
export function numberText(n: number): string {
  return kNumber.format(n);
}

/** 950, 12,3 nghìn, 1,2 triệu, 3,4 tỷ */
export function bigNumberText(n: number): string {
  if (n < 10_000) return numberText(n);
  if (n < 1e6) return `${numberText(n / 1e3)} nghìn`;
  if (n < 1e9) return `${numberText(n / 1e6)} triệu`;
  return `${numberText(n / 1e9)} tỷ`;
}

export function bytesText(n: number): string {
  const units = ['byte', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${numberText(value)} ${units[unit]}`;
}

/** 45 giây, 12 phút, 3 giờ, 2 ngày */
export function durationText(ms: number): string {
  const t = Math.abs(ms);
  if (t < kMinute) return `${Math.round(t / 1000)} giây`;
  if (t < kHour) return `${Math.floor(t / kMinute)} phút`;
  if (t < 2 * kDay) return `${Math.floor(t / kHour)} giờ`;
  return `${Math.floor(t / kDay)} ngày`;
}

export function agoText(time: string, now = Date.now()): string {
  const ms = now - Date.parse(time);
  if (!Number.isFinite(ms)) return '';
  if (ms < 0) return ms > -10_000 ? 'vừa xong' : `sau ${durationText(ms)} nữa`;
  return ms < 10_000 ? 'vừa xong' : `${durationText(ms)} trước`;
}

/** còn 3 giờ, quá hạn 2 ngày */
export function remainingText(due: string, now = Date.now()): string {
  const ms = Date.parse(due) - now;
  if (!Number.isFinite(ms)) return '';
  return ms >= 0 ? `còn ${durationText(ms)}` : `quá hạn ${durationText(ms)}`;
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lower case without accents: what search compares. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[đĐ]/g, 'd').toLowerCase();
}

const kCollator = new Intl.Collator('vi');
export function compareNames(a: string, b: string): number {
  return kCollator.compare(a, b);
}

/** Personal names sort by given name, which stands last. */
export function comparePersons(a: string, b: string): number {
  const given = (name: string): string => name.trim().split(/\s+/).pop() ?? '';
  return compareNames(given(a), given(b)) || compareNames(a, b);
}
