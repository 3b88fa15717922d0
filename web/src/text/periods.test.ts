// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addMonths, dayOf, dayText, daysBetween, leftText, periodOf, periodText, quarterOf, weeksOf } from './periods';

describe('periods in words', () => {
  it('names weeks, months, quarters, half years and years; occasions have no name', () => {
    expect(['2026-W48', '2026-11', '2026-Q4', '2026-H1', '2026-H2', '2026', '', 'leaver/01', '2026-Q5'].map(periodText)).toEqual(
      ['tuần 48/2026', 'tháng 11/2026', 'quý IV/2026', '6 tháng đầu năm 2026', '6 tháng cuối năm 2026', 'năm 2026', '', '', '']);
  });
  it('reads periods as people write them', () => {
    expect(['tháng 11/2026', '11/2026', 'Tháng 3 năm 2026', 'quý IV/2026', 'Quý 2 năm 2026', 'q4/2026', '6 tháng đầu năm 2026', '6 tháng cuối năm 2026',
      'tuần 8/2026', 'năm 2026', '2026', '2026-11', '2026-q4', '2026-W48', ' '].map(periodOf)).toEqual(['2026-11', '2026-11', '2026-03', '2026-Q4', '2026-Q2',
      '2026-Q4', '2026-H1', '2026-H2', '2026-W08', '2026', '2026', '2026-11', '2026-Q4', '2026-W48', '']);
    expect(['tháng 13/2026', '00/2026', 'quý 5/2026', 'tuần 54/2026', 'hôm qua', '26'].map(periodOf)).toEqual([null, null, null, null, null, null]);
    for (const one of ['2026', '2026-11', '2026-Q1', '2026-H2', '2026-W07']) expect(periodOf(periodText(one))).toBe(one);
  });
  it('reads days as people write them', () => {
    expect(['24/7/2026', ' 04.07.2026 ', '31/12/2026', ''].map(dayOf)).toEqual(['2026-07-24', '2026-07-04', '2026-12-31', '']);
    expect(['31/02/2026', '7/24/2026', '24/7/26', 'mai'].map(dayOf)).toEqual([null, null, null, null]);
  });
  it('counts days that are left, over year ends and leap days', () => {
    expect(daysBetween('2026-12-31', '2027-01-01')).toBe(1);
    expect(daysBetween('2028-02-28', '2028-03-01')).toBe(2);
    expect(leftText('2026-11-14', '2026-11-14')).toBe('hôm nay là ngày cuối');
    expect(leftText('2026-11-16', '2026-11-14')).toBe('quá hạn 2 ngày');
    expect(dayText('2026-07-04')).toBe('04/07/2026');
  });
  it('lays out months from Monday', () => {
    expect(weeksOf('2026-11')[0]).toEqual(['2026-10-26', '2026-10-27', '2026-10-28', '2026-10-29', '2026-10-30', '2026-10-31', '2026-11-01']);
    expect(weeksOf('2026-11')).toHaveLength(6);
    expect(weeksOf('2027-02')).toHaveLength(4);
    expect(weeksOf('2027-02')[3]![6]).toBe('2027-02-28');
    expect([addMonths('2026-12', 1), addMonths('2026-01', -1), addMonths('2026-11', 14)]).toEqual(['2027-01', '2025-12', '2028-01']);
    expect(['2026-01-31', '2026-03-31', '2026-04-01', '2026-12-31'].map(quarterOf)).toEqual(['2026-Q1', '2026-Q1', '2026-Q2', '2026-Q4']);
  });
});
