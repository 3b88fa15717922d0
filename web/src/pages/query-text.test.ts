// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { indexOfCharacter, quoted, withCondition, withoutFacts, wordAt } from './query-text';

test.each([
  ['root', 'root'], ['203.0.113.7', '203.0.113.7'], ['nguyễn văn an', '"nguyễn văn an"'], ['a"b\\c', '"a\\"b\\\\c"'],
  ['', '""'], ['AND', '"AND"'], ['-x', '"-x"'], ['x*', '"x*"'], ['a:b', '"a:b"'], ['/etc/x', '"/etc/x"'], ['HOẶC', '"HOẶC"'],
])('value %s', (value, expected) => expect(quoted(value)).toBe(expected));

test.each([
  ['', false, 'user:root'],
  ['outcome:failure', false, 'outcome:failure user:root'],
  ['a:1 HOẶC b:2', true, '(a:1 HOẶC b:2) -user:root'],
  ['x:1 user:root', false, 'x:1 user:root'],
])('adding to %s', (query, not, expected) => expect(withCondition(query, 'user', 'root', not)).toBe(expected));

test('the word at the caret', () => {
  expect(wordAt('outc', 4)).toEqual({ field: null, text: 'outc', start: 0, end: 4 });
  expect(wordAt('a:1 AND user:ro', 15)).toEqual({ field: 'user', text: 'ro', start: 13, end: 15 });
  expect(wordAt('user:"nguyễn v', 14)).toEqual({ field: 'user', text: 'nguyễn v', start: 5, end: 14 });
  expect(wordAt('NOT user:', 9)).toEqual({ field: 'user', text: '', start: 9, end: 9 });
});

test('offsets of the hub count characters', () => {
  expect(indexOfCharacter('đ(x', 1)).toBe(1);
  expect(indexOfCharacter('😀(x', 1)).toBe(2);
  expect(indexOfCharacter('abc', 9)).toBe(3);
});

test.each([
  ['', '-fact.kind:*', 0],
  ['user:root', 'user:root -fact.kind:*', 0],
  ['a HOẶC b', '(a HOẶC b) -fact.kind:*', 1],
  ['(a) or (b)', '((a) or (b)) -fact.kind:*', 1],
  ['fact.kind:host', 'fact.kind:host', 0],
  ['logsource:phendau/fact/host', 'logsource:phendau/fact/host', 0],
])('without facts: %s', (query, sent, shift) => expect(withoutFacts(query)).toEqual({ sent, shift }));
