// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { namesOf, withTerms } from './terms';

const wan = { id: 'wan', term: 'mạng tin học diện rộng (WAN)', meaning: 'm', clause: 'c' };
const lan = { id: 'lan', term: 'mạng nội bộ (LAN)', meaning: 'm', clause: 'c' };
const network = { id: 'net', term: 'mạng', meaning: 'm', clause: 'c' };

describe('terms in a text', () => {
  it('knows a term by its long and its short name', () => {
    expect(namesOf(wan.term)).toEqual(['mạng tin học diện rộng', 'WAN']);
    expect(withTerms('Nối vào WAN của tỉnh.', [wan, lan]).map((p) => [p.text, p.term?.id])).toEqual([
      ['Nối vào ', undefined], ['WAN', 'wan'], [' của tỉnh.', undefined]]);
  });
  it('takes the longest name, once, and whole words only', () => {
    const pieces = withTerms('Mạng nội bộ và mạng nội bộ khác; WANT không phải.', [network, lan, wan]);
    expect(pieces.filter((p) => p.term).map((p) => [p.text, p.term!.id])).toEqual([['Mạng nội bộ', 'lan'], ['mạng', 'net']]);
    expect(pieces.map((p) => p.text).join('')).toBe('Mạng nội bộ và mạng nội bộ khác; WANT không phải.');
  });
});
