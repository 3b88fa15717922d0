// SPDX-License-Identifier: Apache-2.0
// Periods and days as an office says them. Pure.
import { fold } from './format';

const kRoman = ['I', 'II', 'III', 'IV'];

/** "2026-11" -> "tháng 11/2026"; an occasion or nothing gives "". */
export function periodText(period: string): string {
  const m = /^(\d{4})(?:-(?:(W)(\d{2})|(Q)([1-4])|(H)([12])|(0[1-9]|1[0-2])))?$/.exec(period);
  if (!m) return '';
  const year = m[1]!;
  if (m[2]) return `tuần ${Number(m[3])}/${year}`;
  if (m[4]) return `quý ${kRoman[Number(m[5]) - 1]}/${year}`;
  if (m[6]) return `6 tháng ${m[7] === '1' ? 'đầu' : 'cuối'} năm ${year}`;
  return m[8] ? `tháng ${Number(m[8])}/${year}` : `năm ${year}`;
}

const kDay = 86_400_000;

/** Whole days from `today` to `day`, both YYYY-MM-DD. */
export function daysBetween(today: string, day: string): number {
  return Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / kDay);
}

/** What is left of the time: "còn 3 ngày", "hôm nay là ngày cuối", "quá hạn 2 ngày". */
export function leftText(today: string, lastGoodDay: string): string {
  const days = daysBetween(today, lastGoodDay);
  if (days === 0) return 'hôm nay là ngày cuối';
  return days > 0 ? `còn ${days} ngày` : `quá hạn ${-days} ngày`;
}

/** YYYY-MM-DD -> 24/07/2026 */
export function dayText(day: string): string {
  return day.split('-').reverse().join('/');
}

/** "24/7/2026" -> "2026-07-24"; nothing -> ""; null when it is not a day. */
export function dayOf(text: string): string | null {
  if (text.trim() === '') return '';
  const m = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s*$/.exec(text);
  if (!m) return null;
  const day = `${m[3]}-${m[2]!.padStart(2, '0')}-${m[1]!.padStart(2, '0')}`;
  const at = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day ? null : day;
}

const kParts: Record<string, string> = { i: '1', ii: '2', iii: '3', iv: '4', dau: '1', cuoi: '2' };

/** What a person calls a period ("tháng 11/2026", "quý IV/2026", "6 tháng đầu năm 2026", "2026") as registers keep it; "" for
 *  nothing, null when it is none. */
export function periodOf(text: string): string | null {
  const said = fold(text).replace(/\bnam\b/g, ' ').replace(/\s+/g, ' ').trim();
  if (said === '') return '';
  const kept = said.toUpperCase();
  if (periodText(kept)) return kept;
  const part = (what: string): string => kParts[what] ?? what;
  let m = /^(?:thang )?(\d{1,2}) ?[/ -] ?(\d{4})$/.exec(said);
  if (m && Number(m[1]) >= 1 && Number(m[1]) <= 12) return `${m[2]}-${m[1]!.padStart(2, '0')}`;
  m = /^(?:quy|q) ?(i{1,3}|iv|[1-4]) ?[/ -] ?(\d{4})$/.exec(said);
  if (m) return `${m[2]}-Q${part(m[1]!)}`;
  m = /^(?:6|sau) thang (dau|cuoi) ?\/? ?(\d{4})$/.exec(said);
  if (m) return `${m[2]}-H${part(m[1]!)}`;
  m = /^tuan (\d{1,2}) ?[/ -] ?(\d{4})$/.exec(said);
  return m && Number(m[1]) >= 1 && Number(m[1]) <= 53 ? `${m[2]}-W${m[1]!.padStart(2, '0')}` : null;
}

/** "2026-11" moved by whole months. */
export function addMonths(month: string, by: number): string {
  const [y, m] = month.split('-').map(Number) as [number, number];
  const index = y * 12 + (m - 1) + by;
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
}

/** Weeks of a month, Monday first, with the days of its neighbours that fill them. */
export function weeksOf(month: string): string[][] {
  const first = Date.parse(`${month}-01T00:00:00Z`);
  const lead = (new Date(first).getUTCDay() + 6) % 7;
  const weeks: string[][] = [];
  for (let at = first - lead * kDay; weeks.length === 0 || new Date(at).toISOString().slice(0, 7) === month;) {
    const week: string[] = [];
    for (let i = 0; i < 7; ++i, at += kDay) week.push(new Date(at).toISOString().slice(0, 10));
    weeks.push(week);
  }
  return weeks;
}

/** The quarter of a day: "2026-Q4". */
export function quarterOf(day: string): string {
  return `${day.slice(0, 4)}-Q${Math.floor((Number(day.slice(5, 7)) + 2) / 3)}`;
}
