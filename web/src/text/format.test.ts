// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { bigNumberText, bytesText, compareNames, comparePersons, dateText, dueText, fold, numberText, parseTime, remainingText, timeText } from './format';

test('times are written in +07, across midnight and new year', () => {
  expect(timeText('2026-07-24T02:05:07Z', true)).toBe('24/07/2026 09:05:07');
  expect(dateText('2026-12-31T16:59:59Z')).toBe('31/12/2026');
  expect(dateText('2026-12-31T17:00:00Z')).toBe('01/01/2027');
  expect(timeText('rubbish')).toBe('');
});

test.each([
  ['24/07/2026 09:30', '2026-07-24T02:30:00Z'],
  ['1/1/2027', '2026-12-31T17:00:00Z'],
  ['24-07-2026 09:30:15', '2026-07-24T02:30:15Z'],
  ['31/02/2026', null],
  ['24/13/2026', null],
  ['24/07/2026 25:00', null],
  ['2026-07-24', null],
  ['', null],
])('typed time %s', (text, expected) => expect(parseTime(text)).toBe(expected));

test('numbers are Vietnamese', () => {
  expect(numberText(1234.5)).toBe('1.234,5');
  expect(bigNumberText(1_213_000_000)).toBe('1,2 tỷ');
  expect(bigNumberText(9999)).toBe('9.999');
  expect(bytesText(1536)).toBe('1,5 KiB');
});

test('remaining time', () => {
  const now = Date.parse('2026-07-24T00:00:00Z');
  expect(remainingText('2026-07-24T03:00:00Z', now)).toBe('còn 3 giờ');
  expect(remainingText('2026-07-20T00:00:00Z', now)).toBe('quá hạn 4 ngày');
});

test('a due instant at midnight is the end of the day before', () => {
  expect(dueText('2026-11-14T17:00:00Z')).toBe('hết ngày 14/11/2026');
  expect(dueText('2026-11-14T05:30:00Z')).toBe('14/11/2026 12:30');
});

test('search ignores accents; names sort by given name', () => {
  expect(fold('Sở Khoa học, ĐẮK')).toBe('so khoa hoc, dak');
  expect(fold('hòa'.normalize('NFD'))).toBe('hoa');
  expect(['Đỗ An', 'Lê Bình', 'Trần Ánh'].sort(comparePersons)[2]).toBe('Lê Bình');
  expect(compareNames('Đ', 'E')).toBeLessThan(0);
});
