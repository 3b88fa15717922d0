// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import comply from '../../../src/texts/comply.json';
import { evidenceText, factEvidence, factFields, factSentence, factValues, fieldWord, plainTimes, sentence, valueWord } from './facts';

test('values are said in words, times in +07, dates with the day first', () => {
  expect(valueWord(true)).toBe('có');
  expect(valueWord('never')).toBe('không bao giờ');
  expect(valueWord(['lower', 'digit'])).toBe('chữ thường, chữ số');
  expect(valueWord([])).toBe('không có');
  expect(valueWord('2026-11-25T23:02:15Z')).toBe('26/11/2026 06:02 (+07)');
  expect(valueWord('2026-11-05')).toBe('05/11/2026');
  expect(valueWord(1027.5)).toBe('1.027,5');
  expect(valueWord('toString')).toBe('toString');
  expect(valueWord({ a: true })).toBe('a: có');
});

test('fields have words; a field that is new keeps its name', () => {
  expect(fieldWord('antimalware', 'definitions_age_days')).toBe('Tuổi mẫu nhận diện (ngày)');
  expect(fieldWord('antimalware', 'new_thing')).toBe('New_thing');
  expect(fieldWord('unheard', 'x')).toBe('X');
});

test('evidence of a fact is a sentence', () => {
  expect(factEvidence('01/password_policy', 'min_length=6; classes=["lower","digit"]'))
    .toBe('Chính sách mật khẩu (độ dài tối thiểu của mật khẩu: 6; loại ký tự bắt buộc: chữ thường, chữ số)');
  expect(factEvidence('01/account', 'rows=2; compliant=1; violating=1; unknown=0; complete=false'))
    .toBe('Tài khoản: 1/2 mục đạt, 1 không đạt, danh sách có thể thiếu');
  expect(factEvidence('01/account', '')).toBe('Tài khoản');
  expect(factEvidence('01/account', 'something else')).toBe('Tài khoản: something else');
});

test('every kind of evidence is said in words', () => {
  expect(evidenceText('detection', 'soc-monitoring', 'sources=2')).toBe('Giám sát an toàn thông tin, 2 nguồn nhật ký');
  expect(evidenceText('setting', 'rights.enforced', 'true')).toBe('phân quyền theo vai trò: có');
  expect(evidenceText('case', '01', 'open')).toBe('Hồ sơ sự cố đang xử lý');
  expect(evidenceText('attestation', '01', 'ab'.repeat(32))).toBe('Xác nhận có tệp kèm theo');
  expect(evidenceText('record', 'training/01', 'Tập huấn tháng 5')).toBe('Tập huấn tháng 5');
});

test('a fact in the journal is one sentence; other text stays', () => {
  expect(factSentence('{"kind":"antimalware","rows":[{"present":false,"products":[]}]}')).toBe('Máy đo Chống mã độc (có phần mềm chống mã độc: không; phần mềm: không có)');
  expect(factSentence('{"kind":"account","rows":[{},{}]}')).toBe('Máy đo Tài khoản: 2 mục');
  expect(factSentence('Failed password for root')).toBe('Failed password for root');
  expect(factSentence('{"kind":3}')).toBe('{"kind":3}');
});

test('lists inside a sentence of the hub', () => {
  expect(sentence('hiện là ["lower","digit"], cần có chứa ký tự đặc biệt')).toBe('hiện là chữ thường, chữ số, cần có chứa ký tự đặc biệt');
  expect(sentence('mã [x]')).toBe('mã [x]');
  expect(sentence('ketoan: trạng thái mật khẩu hiện là empty, cần là set.')).toBe('ketoan: trạng thái mật khẩu hiện là để trống, cần là đã đặt.');
  expect(sentence('Luật soc-monitoring đang theo dõi, 2 nguồn.')).toBe('Luật "Giám sát an toàn thông tin" đang theo dõi, 2 nguồn.');
  expect(sentence('Vụ việc A: bước isolate đã làm.')).toBe('Vụ việc A: bước "Cô lập máy chủ" đã làm.');
  expect(sentence('Luật x-y đang tắt.')).toBe('Luật x-y đang tắt.');
});

test('sentences of the hub begin with a capital, say periods and times as people do', () => {
  expect(sentence('tự khóa tài khoản: hiện là không.')).toBe('Tự khóa tài khoản: hiện là không.');
  expect(sentence('Kỳ 2026-11 quá hạn; kỳ 2026-Q4 còn chờ.')).toBe('Kỳ tháng 11/2026 quá hạn; kỳ quý IV/2026 còn chờ.');
  expect(plainTimes('Còn 1 ngày. Hạn cuối: 27/11/2026 12:50:54.')).toBe('Còn 1 ngày. Hạn cuối: 27/11/2026 12:50.');
  expect(plainTimes('kỳ họp 2026-13, Kỳ 2026-13')).toBe('kỳ họp 2026-13, Kỳ 2026-13');
});

test('the hub and the portal use the same words', () => {
  for (const [id, { vi }] of Object.entries(comply)) {
    const field = /^fact\.(\w+)\.(\w+)$/.exec(id);
    if (field) expect(factFields[field[1]!]?.[field[2]!], id).toBe(vi);
    const value = /^comply\.value\.(\w+)$/.exec(id);
    if (value) expect(factValues[value[1]!], id).toBe(vi);
  }
});
