// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { inert } from './inert';

test('hostile characters become visible', () => {
  expect(inert('a\u202Eb\u0007c\u200B')).toBe('a‹U+202E›b‹U+0007›c‹U+200B›');
  expect(inert('tiếng Việt <b>\n\tgiữ nguyên')).toBe('tiếng Việt <b>\n\tgiữ nguyên');
});
