// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { fieldsOf, toDoc, toInputs } from './schema-form';

const schema = {
  type: 'object',
  required: ['kind', 'scope', 'at', 'told'],
  properties: {
    kind: { type: 'string', title: 'Loại', enum: ['dos', 'deface'], 'x-labels': { dos: 'Từ chối dịch vụ' } },
    scope: { type: 'string', title: { vi: 'Phạm vi', en: 'Scope' }, minLength: 3, 'x-multiline': true },
    at: { type: 'string', format: 'date-time', title: 'Lúc' },
    on: { type: 'string', format: 'date', title: 'Ngày' },
    count: { type: 'integer', title: 'Số máy' },
    told: { type: 'array', title: 'Đã báo', items: { oneOf: [{ const: 'head', title: 'Lãnh đạo' }] } },
    off: { type: 'boolean', title: 'Đã ngắt' },
  },
};
const fields = fieldsOf(schema);

test('fields know their kind, words and choices', () => {
  expect(fields.map((f) => f.kind)).toEqual(['choice', 'long', 'time', 'date', 'number', 'choices', 'yes']);
  expect(fields[1]!.title).toBe('Phạm vi');
  expect(fields[0]!.choices).toEqual([{ value: 'dos', word: 'Từ chối dịch vụ' }, { value: 'deface', word: 'deface' }]);
});

test('empty and wrong inputs are named', () => {
  const { errors } = toDoc(fields, { ...toInputs(fields, {}), scope: 'ab', on: '31/02/2026', count: 'x' });
  expect(Object.keys(errors).sort()).toEqual(['at', 'count', 'kind', 'on', 'scope', 'told']);
});

test('a document survives the way through the form', () => {
  const doc = { kind: 'dos', scope: 'toàn cơ quan', at: '2026-07-24T02:30:00Z', on: '2026-07-24', count: 12, told: ['head'], off: true };
  expect(toDoc(fields, toInputs(fields, doc))).toEqual({ doc, errors: {} });
});

test('a list of things: rows, their mistakes, drafts', () => {
  const list = fieldsOf({ type: 'object', required: ['copies'], properties: { copies: { type: 'array', title: 'Bản sao', items: {
    type: 'object', required: ['what', 'sha256'], properties: { what: { title: 'Đã chép gì', type: 'string' },
      sha256: { title: 'Mã', type: 'string', pattern: '^[0-9a-f]{64}$' } } } } } });
  expect(list[0]!.kind).toBe('list');
  expect(toDoc(list, { copies: [] }).errors).toHaveProperty('copies');
  expect(toDoc(list, { copies: [] }, true).errors).toEqual({});
  expect(toDoc(list, { copies: [{ what: 'nhật ký', sha256: 'x' }] }).errors.copies).toContain('Dòng 1');
  const doc = { copies: [{ what: 'nhật ký', sha256: 'a'.repeat(64) }] };
  expect(toDoc(list, toInputs(list, doc))).toEqual({ doc, errors: {} });
});

test('a text for which the pack has words is chosen by word, or typed', () => {
  const [type] = fieldsOf({ type: 'object', required: ['type'], properties: { type: { type: 'string', title: 'Loại văn bản', 'x-titles-vi': { yearly_report: 'Báo cáo năm' } } } });
  expect(type).toMatchObject({ kind: 'named', choices: [{ value: 'yearly_report', word: 'Báo cáo năm' }] });
  expect(toDoc([type!], { type: 'yearly_report' }).doc).toEqual({ type: 'yearly_report' });
  expect(toDoc([type!], { type: 'Công văn' }).doc).toEqual({ type: 'Công văn' });
  expect(toDoc([type!], { type: '' }).errors).toEqual({ type: 'Chọn một mục.' });
});

test('a period is typed as it is said', () => {
  const [period] = fieldsOf({ type: 'object', properties: { period: { type: 'string', title: 'Kỳ', pattern: '^[0-9]{4}(-(0[1-9]|1[0-2]|H[12]|Q[1-4]|W[0-9]{2}))?$',
    'x-help-vi': 'Để trống thì tính theo ngày. Ví dụ: 2026-11, 2026-Q4, 2026.' } } });
  expect(period).toMatchObject({ kind: 'period', hint: 'Để trống thì tính theo ngày. Ví dụ: tháng 11/2026, quý IV/2026, năm 2026' });
  expect(toInputs([period!], { period: '2026-11' })).toEqual({ period: 'tháng 11/2026' });
  expect(toDoc([period!], { period: 'quý IV/2026' })).toEqual({ doc: { period: '2026-Q4' }, errors: {} });
  expect(toDoc([period!], { period: 'tháng 13/2026' }).errors).toHaveProperty('period');
  const [quarter] = fieldsOf({ type: 'object', properties: { period: { type: 'string', pattern: '^[0-9]{4}-Q[1-4]$' } } });
  expect(toDoc([quarter!], { period: 'năm 2026' }).errors).toHaveProperty('period');
});
