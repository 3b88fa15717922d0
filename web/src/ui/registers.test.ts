// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { Register } from '../api/types';
import { recordName, valueText } from './registers';
import { fieldsOf } from './schema-form';

const training = {
  kind: 'training',
  schema: { type: 'object', required: ['kind', 'held_on'], properties: {
    kind: { type: 'string', enum: ['course'], title: 'Hình thức', 'x-titles-vi': { course: 'Lớp đào tạo' } },
    topics: { type: 'array', items: { type: 'string', enum: ['basics'] }, title: 'Nội dung', 'x-titles-vi': { basics: 'Kiến thức cơ bản' } },
    held_on: { type: 'string', format: 'date', title: 'Ngày tổ chức' },
    full_name: { type: 'string', title: 'Họ và tên' },
  } },
} as unknown as Register;

test('a record is called by its name, else by what every record of the kind has, in words', () => {
  expect(recordName(training, { kind: 'course', held_on: '2026-11-25' })).toBe('Lớp đào tạo · 25/11/2026');
  expect(recordName(training, { kind: 'course', full_name: 'Trần Thị Mẫu' })).toBe('Trần Thị Mẫu');
  expect(recordName(undefined, { x: 'y' })).toBe('y');
  expect(recordName(training, {})).toBe('');
});

test('several choices have their words beside the list', () => {
  const topics = fieldsOf(training.schema).find((f) => f.name === 'topics')!;
  expect(topics.kind).toBe('choices');
  expect(valueText(topics, ['basics', 'new'])).toBe('Kiến thức cơ bản, new');
});

test('an address of two forms is typed, not chosen', () => {
  const [address] = fieldsOf({ type: 'object', properties: { address: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }], title: 'Địa chỉ' } } });
  expect(address!.kind).toBe('text');
  expect(address!.choices).toEqual([]);
});
