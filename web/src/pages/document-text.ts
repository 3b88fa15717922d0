// SPDX-License-Identifier: Apache-2.0
// Citations, anchors and values of a document in words.
import { valueWord } from '../text/facts';

/** "Điều 9 khoản 8" -> "Điều 9"; paragraphs of a directive stand for themselves. */
export function articleOf(citation: string): string {
  return /^(Quyết định|Điều\s+\d+|Đoạn\s+(?:\d+|mở đầu))/.exec(citation)?.[0] ?? citation;
}

/** Ids of clauses hold colons and dots, which fragments and selectors take badly. */
export function anchorOf(id: string): string {
  return id.replace(/[^A-Za-z0-9]+/g, '-');
}

const kTerms: [RegExp, string][] = [[/^(\d+)h$/, '$1 giờ'], [/^(\d+)m$/, '$1 phút'], [/^(\d+)d$/, '$1 ngày'], [/^(\d+)wd$/, '$1 ngày làm việc'],
  [/^P1W$|^P7D$/, 'mỗi tuần'], [/^P1M$/, 'mỗi tháng'], [/^P3M$/, 'mỗi quý'], [/^P6M$/, 'mỗi nửa năm'], [/^P1Y$|^P12M$/, 'mỗi năm']];

/** The chosen value of a parameter in words: terms and periods are written in short in the packs. */
export function valueText(value: unknown, unit: string): string {
  const one = (v: unknown): string => {
    const term = kTerms.find(([form]) => form.test(String(v)));
    return term ? String(v).replace(term[0], term[1]) : valueWord(v);
  };
  const words = Array.isArray(value) ? value.map(one).join(', ') : one(value);
  return unit ? `${words} ${unit}` : words;
}
