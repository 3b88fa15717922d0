// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { anchorOf, articleOf, valueText } from './document-text';

describe('document reader', () => {
  it('groups by article, decision and paragraph', () => {
    expect(['Điều 9 khoản 8', 'Quyết định, Điều 2', 'Đoạn 5 ý 3', 'Đoạn mở đầu'].map(articleOf)).toEqual(['Điều 9', 'Quyết định', 'Đoạn 5', 'Đoạn mở đầu']);
  });
  it('makes anchors that an address can hold', () => {
    expect(anchorOf('hg-1374:3.1.dd#2')).toBe('hg-1374-3-1-dd-2');
  });
  it('says terms, periods and lists in words', () => {
    expect(['24h', '3wd', 'P3M', 92, ['lower', 'digit']].map((v) => valueText(v, ''))).toEqual(['24 giờ', '3 ngày làm việc', 'mỗi quý', '92', 'chữ thường, chữ số']);
    expect(valueText(5, 'lần')).toBe('5 lần');
  });
});
