// SPDX-License-Identifier: Apache-2.0
// What machines measure, in words: names of fields, values, the short evidence of a verdict. Names and their meaning are
// in docs/reference/facts.md; where src/texts/comply.json has a word for the same thing, facts.test.ts keeps the two alike.
// Pure.
import { numberText, timeText, upperFirst } from './format';
import { periodText } from './periods';
import { factWords, featureWords, settingWords, stepWords } from './words';

const kFields: Record<string, Record<string, string>> = {
  host: { hostname: 'tên trên mạng', os_family: 'họ hệ điều hành', os_name: 'hệ điều hành', os_version: 'phiên bản', kernel: 'nhân hệ điều hành',
          agent_version: 'phiên bản tác tử', is_server: 'là máy chủ' },
  password_policy: { min_length: 'độ dài tối thiểu của mật khẩu', classes: 'loại ký tự bắt buộc', min_classes: 'số loại ký tự tối thiểu',
                     max_age_days: 'tuổi mật khẩu tối đa (ngày)', history_count: 'số mật khẩu cũ không được dùng lại', enforced_by: 'áp đặt bởi' },
  account: { name: 'tên', uid: 'số hiệu', password_state: 'trạng thái mật khẩu', password_changed_on: 'đổi mật khẩu ngày',
             password_age_days: 'tuổi mật khẩu (ngày)', max_age_days: 'tuổi mật khẩu tối đa (ngày)', privileged: 'có quyền quản trị', interactive: 'đăng nhập được' },
  login_lockout: { enabled: 'tự khóa tài khoản', deny_after: 'số lần sai trước khi khóa', unlock_seconds: 'thời gian khóa (giây)', enforced_by: 'áp đặt bởi' },
  antimalware: { present: 'có phần mềm chống mã độc', products: 'phần mềm', realtime: 'bảo vệ thời gian thực', engine_version: 'phiên bản bộ máy quét',
                 definitions_at: 'mẫu nhận diện lúc', definitions_age_days: 'tuổi mẫu nhận diện (ngày)', last_scan_at: 'quét gần nhất lúc',
                 last_scan_age_days: 'số ngày từ lần quét gần nhất' },
  updates: { pending_security: 'số bản vá bảo mật chưa cài', pending_total: 'số bản cập nhật chưa cài', index_age_hours: 'số giờ từ lần lấy danh mục bản vá',
             automatic: 'tự động cập nhật' },
  logging: { service: 'dịch vụ nhật ký', running: 'dịch vụ nhật ký đang chạy', persistent: 'nhật ký được lưu lại', records_login: 'ghi đăng nhập',
             records_configuration: 'ghi thao tác cấu hình', records_access: 'ghi truy xuất', retention_days: 'số ngày giữ nhật ký',
             size_limited: 'giới hạn dung lượng nhật ký' },
  backup: { seen: 'có sao lưu', tool: 'công cụ sao lưu', last_at: 'sao lưu gần nhất lúc', last_age_hours: 'số giờ từ lần sao lưu gần nhất', destination: 'nơi lưu bản sao' },
  idle_shutdown: { configured: 'đặt tự tắt khi không dùng', idle_minutes: 'số phút không dùng', action: 'việc làm khi quá thời gian' },
  share: { name: 'tên', protocol: 'giao thức', path: 'thư mục', password_protected: 'có mật khẩu', guest_allowed: 'cho khách vào', writable: 'cho ghi',
           allowed_from: 'cho phép từ' },
  log_source: { channel: 'kênh', last_event_at: 'sự kiện gần nhất lúc', last_event_age_minutes: 'số phút từ sự kiện gần nhất', readable: 'đọc được' },
};

const kValues: Record<string, string> = {
  true: 'có', false: 'không', never: 'không bao giờ', unlimited: 'không giới hạn', none: 'không có', lower: 'chữ thường', upper: 'chữ hoa', digit: 'chữ số',
  special: 'ký tự đặc biệt', set: 'đã đặt', locked: 'đã khóa', empty: 'để trống', shutdown: 'tắt máy', suspend: 'tạm ngủ', disconnect: 'ngắt phiên làm việc',
  lock: 'khóa màn hình', linux: 'Linux', windows: 'Windows', smb: 'SMB', nfs: 'NFS',
};

/** Names come from machines and packs: "constructor" is one of them. */
function named(words: Record<string, string>, name: string): string | undefined {
  return Object.prototype.hasOwnProperty.call(words, name) ? words[name] : undefined;
}

export function fieldWord(kind: string, field: string): string {
  return upperFirst(kFields[kind]?.[field] ?? field);
}

const kTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;
const kDate = /^(\d{4})-(\d\d)-(\d\d)$/;

/** A value of a fact as a person reads it: words, +07, dd/mm/yyyy, 1.234,5. */
export function valueWord(value: unknown): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'number') return numberText(value);
  if (Array.isArray(value)) return value.length === 0 ? kValues.none! : value.map(valueWord).join(', ');
  if (typeof value === 'object') return Object.entries(value).map(([name, part]) => `${name}: ${valueWord(part)}`).join(', ');
  const text = String(value);
  if (kTime.test(text)) return `${timeText(text)} (+07)`;
  const date = kDate.exec(text);
  if (date) return `${date[3]}/${date[2]}/${date[1]}`;
  return named(kValues, text) ?? text;
}

const kFieldNames = Object.values(kFields).flatMap((fields) => Object.values(fields)).filter((name) => name.includes(' '));
const kPeriodInText = /([Kk]ỳ )(\d{4}(?:-(?:W\d{2}|Q[1-4]|H[12]|\d{2}))?)(?![\d-])/g;
const kSeconds = /(\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}):\d{2}/g;

/** Times without seconds, periods as they are said: in whatever the hub writes for people. */
export function plainTimes(text: string): string {
  return text.replace(kSeconds, '$1').replace(kPeriodInText, (all, what: string, period: string) => {
    const word = periodText(period);
    return word ? `${what}${word}` : all;
  });
}

/** A sentence of the hub: lists that it writes as JSON, and the names of features, settings and steps, in words. */
export function sentence(text: string): string {
  // A sentence that begins with the name of a field begins with a capital; one that begins with a name stays as it is.
  const plain = plainTimes(text);
  return (kFieldNames.some((name) => plain.startsWith(name)) ? upperFirst(plain) : plain).replace(/\[("[^"\]]*"(?:,"[^"\]]*")*)?\]/g, (list) => {
    try {
      return valueWord(JSON.parse(list));
    } catch {
      return list;
    }
  }).replace(/(hiện là |cần là )([a-z]+)/g, (_, what: string, value: string) => `${what}${named(kValues, value) ?? value}`).replace(/(Luật |[Tt]hiết lập |bước )([a-z][a-z0-9_.-]*)/g, (all, what: string, name: string) => {
    const word = named(what === 'Luật ' ? featureWords : what === 'bước ' ? stepWords : settingWords, name);
    return word ? `${what}"${word}"` : all;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** "min_length=6; classes=[...]" or "rows=2; compliant=1; ..." of a fact "DEVICE/KIND", as one sentence. */
export function factEvidence(ref: string, summary: string): string {
  const kind = ref.split('/')[1] ?? '';
  const name = factWords[kind] ?? kind;
  const pairs = summary.split('; ').map((pair) => /^([\w.]+)=(.*)$/s.exec(pair));
  if (summary === '' || pairs.some((pair) => !pair)) return summary === '' ? name : `${name}: ${summary}`;
  const values = new Map(pairs.map((pair) => [pair![1]!, parsed(pair![2]!)]));
  if (values.has('rows') && values.has('compliant')) {
    const n = (key: string): number => Number(values.get(key) ?? 0);
    const parts = [`${n('compliant')}/${n('rows')} mục đạt`];
    if (n('violating') > 0) parts.push(`${n('violating')} không đạt`);
    if (n('unknown') > 0) parts.push(`${n('unknown')} chưa rõ`);
    if (values.get('complete') === false) parts.push('danh sách có thể thiếu');
    return `${name}: ${parts.join(', ')}`;
  }
  return `${name} (${[...values].map(([field, value]) => `${kFields[kind]?.[field] ?? field}: ${valueWord(value)}`).join('; ')})`;
}

/** What stands behind a verdict, in words; texts of people stay as they are. */
export function evidenceText(kind: string, ref: string, summary: string): string {
  const sources = /^sources=(\d+)$/.exec(summary);
  if (kind === 'fact') return factEvidence(ref, summary);
  if (kind === 'detection' || kind === 'rule') return `${named(featureWords, ref) ?? ref}${sources ? `, ${sources[1]} nguồn nhật ký` : ''}`;
  if (kind === 'setting') return `${named(settingWords, ref) ?? ref}: ${valueWord(parsed(summary))}`;
  if (kind === 'case' || kind === 'workflow_run') return summary === 'closed' ? 'Hồ sơ sự cố đã đóng' : summary === 'open' ? 'Hồ sơ sự cố đang xử lý' : sentence(summary);
  if (kind === 'attestation') return /^[0-9a-f]{64}$/.test(summary) ? 'Xác nhận có tệp kèm theo' : summary === '' ? 'Xác nhận không kèm tệp' : sentence(summary);
  return sentence(summary);
}

const kShownFields = 4;  // the rest is on the device's page

/** The raw text of a fact in the journal, as one sentence; the text itself when it is not a fact. */
export function factSentence(raw: string): string {
  const fact = parsed(raw) as { kind?: string; rows?: Record<string, unknown>[] } | string;
  if (typeof fact === 'string' || !fact || typeof fact.kind !== 'string' || !Array.isArray(fact.rows)) return raw;
  const kind = fact.kind;
  const name = factWords[kind] ?? kind;
  if (fact.rows.length !== 1) return `Máy đo ${name}: ${fact.rows.length} mục`;
  const row = Object.entries(fact.rows[0]!);
  const said = row.slice(0, kShownFields).map(([field, value]) => `${kFields[kind]?.[field] ?? field}: ${valueWord(value)}`).join('; ');
  return `Máy đo ${name} (${said}${row.length > kShownFields ? '…' : ''})`;
}

export const factFields: Readonly<Record<string, Readonly<Record<string, string>>>> = kFields;
export const factValues: Readonly<Record<string, string>> = kValues;
