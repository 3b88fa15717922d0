// SPDX-License-Identifier: Apache-2.0
// A pretend hub for work on the portal only: serves web/dist under the real content security policy and answers the API
// with invented data. Everything here is made up: agencies, people, addresses. Never part of the product.
//   npm run build && npm run mock      (then http://127.0.0.1:8099, any user, password "demo"; "moi" must change it)
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const port = Number(process.env.PORT ?? 8099);
const dist = new URL('../dist/', import.meta.url);
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const now = () => Date.now();
const ago = (minutes) => new Date(now() - minutes * 60_000).toISOString();
const agencies = ['Sở Minh Họa Một', 'Sở Minh Họa Hai', 'UBND xã Thử Nghiệm', 'Trung tâm Dữ liệu Giả Định'].map((name, i) => (
  { id: `ag${i + 1}`, code: `minh-hoa-${i + 1}`, name, parent_id: null, has_own_system: i === 3, addresses: [`10.20.${i}.0/24`], state: 'active', devices: [14, 8, 3, 5][i] }));
const permissions = ['read:agency', 'create:agency', 'update:agency', 'read:alert', 'triage:alert', 'read:event', 'create:event', 'export_out:event', 'read:incident', 'create:incident',
  'update:incident', 'read:obligation', 'read:device', 'update:device', 'create:enrolment_token', 'read:user', 'create:user', 'update:user', 'read:pack', 'read:rule', 'attest:attestation', 'create:attachment', 'read:attachment'];
let who = null;
const session = () => ({ user: { id: 'u1', username: who, name: 'Nguyễn Minh Họa', role: who === 'canbo' ? 'staff' : 'administrator', agency_ids: ['ag1'] }, csrf_token: 't', must_change_password: who === 'moi', must_enrol_totp: false, totp: { enrolled: false, recovery_codes_left: 0, due_on: null }, training: { gate_on: null, trained_on: '', exception: null, missing: false }, delegations: [],
  permissions: who === 'canbo' ? ['create:incident'] : permissions, password_rule: 'Ít nhất 8 ký tự, có chữ thường, chữ số và ký tự đặc biệt; đổi ba tháng một lần.' });

const rule = { id: 'ssh-bruteforce', title: 'Nhiều lần đăng nhập SSH thất bại từ một địa chỉ', description: 'Từ mười lần đăng nhập sai trong năm phút từ cùng một địa chỉ. Thường là dò mật khẩu tự động; kiểm tra xem sau đó có lần đăng nhập thành công nào không.',
  level: 'high', features: ['attack.t1110', 'Điều 3.1.c'], source_yaml: 'title: Nhiều lần đăng nhập SSH thất bại từ một địa chỉ\ncorrelation:\n  type: event_count\n  rules: [ssh_failed_login]\n  group-by: [source_ip]\n  timespan: 5m\n  condition: {gte: 10}\n' };
const users = ['root', 'admin', 'oracle', 'test', 'pi', 'nguyễn văn an'];
const ips = ['203.0.113.7', '198.51.100.23', '203.0.113.99'];
const events = Array.from({ length: 240 }, (_, i) => {
  const t = ago(i * 3.7 + (i % 7) * 2);
  const [user, ip] = [users[i % users.length], ips[i % ips.length]];
  const ok = i % 23 === 0;
  const message = i === 4 ? '<script>alert(1)</script><img src=x onerror=alert(2)> \u202Etxt.exe \u0007 đóng vai thông báo' : `${ok ? 'Accepted' : 'Failed'} password for ${user} from ${ip} port ${40000 + i} ssh2`;
  return { ref: `e${i}`, event_time: t, received_time: t, time_quality: i % 9 === 0 ? 'year_assumed' : 'exact', source: `syslog:10.20.0.${i % 5}`, host: ['labsz', 'may-chu-01', 'cong-thong-tin'][i % 3], agency_id: agencies[i % 3].id,
    logsource: 'linux//sshd', parse_error: i === 7 ? 'dòng dài hơn 64 KiB' : null, fields: { message, program: 'sshd', pid: String(24000 + i), action: 'login', outcome: ok ? 'success' : 'failure', user, source_ip: ip, method: 'password', facility: 'authpriv' },
    raw: `<86>Dec 10 06:55:46 labsz sshd[${24000 + i}]: ${message}` };
});
const alerts = Array.from({ length: 9 }, (_, i) => ({ id: `al${i}`, rule_id: i % 3 ? 'ssh-bruteforce' : 'new-admin', title: i % 3 ? rule.title : 'Thêm tài khoản có quyền quản trị', level: ['high', 'critical', 'medium', 'low', 'informational'][i % 5],
  entity: i % 3 ? { source_ip: ips[i % 3] } : { user: 'oracle' }, agency_id: agencies[i % 3].id, agency_name: agencies[i % 3].name, host: ['labsz', 'may-chu-01'][i % 2], count: 523 - i * 41, first_at: ago(i * 70 + 40), last_at: ago(i * 70 + 5), raised_at: ago(i * 70 + 4),
  status: i === 7 ? 'closed' : i % 4 === 3 ? 'acknowledged' : 'new', assignee: null, note: null, case_id: i === 1 ? 'c1' : null, event_refs: [] }));
const steps = [
  ['isolate', 'Ngắt kết nối máy chủ ra khỏi mạng', 'Rút cáp mạng hoặc ra lệnh cách ly. Không tắt nguồn: dữ liệu trong bộ nhớ là chứng cứ.', { method: { type: 'string', title: 'Cách ngắt', enum: ['cable', 'order', 'firewall'], 'x-labels': { cable: 'Rút cáp', order: 'Lệnh cách ly', firewall: 'Chặn ở tường lửa' } }, at: { type: 'string', format: 'date-time', title: 'Thời điểm ngắt', examples: ['24/07/2026 09:30'] } }, ['method', 'at']],
  ['verify', 'Xác minh và phân loại sự cố', 'Xác định tình trạng, mức độ, phạm vi rồi phân loại.', { kind: { type: 'string', title: 'Loại sự cố', oneOf: [{ const: 'deface', title: 'Tấn công thay đổi giao diện' }, { const: 'phish', title: 'Tấn công lừa đảo' }, { const: 'malware', title: 'Phát tán mã độc' }, { const: 'dos', title: 'Từ chối dịch vụ' }] }, scope: { type: 'string', title: 'Phạm vi', 'x-multiline': true, description: 'Máy, hệ thống, dữ liệu bị ảnh hưởng' } }, ['kind', 'scope']],
  ['copy', 'Sao chép nhật ký và dữ liệu', 'Chép nhật ký sự kiện và toàn bộ dữ liệu ra thiết bị lưu trữ, ghi người giữ.', { media: { type: 'string', title: 'Thiết bị lưu trữ' }, copies: { type: 'array', title: 'Bản sao', items: { type: 'object', required: ['what', 'sha256'], properties: { what: { type: 'string', title: 'Đã chép gì' }, sha256: { type: 'string', title: 'Mã SHA-256', pattern: '^[0-9a-f]{64}$' } } } } }, ['media', 'copies']],
  ['report', 'Báo cáo lãnh đạo và đơn vị chủ trì', 'Báo cáo kịp thời để phối hợp xử lý.', { to: { type: 'array', title: 'Đã báo cáo', items: { enum: ['head', 'lead'], type: 'string' }, 'x-labels': {} } , channel: { type: 'string', title: 'Kênh' } }, ['channel']],
  ['restore', 'Khôi phục và lưu hồ sơ', 'Khôi phục từ bản sao lưu mới nhất.', { backup_at: { type: 'string', format: 'date', title: 'Ngày của bản sao lưu' } }, []]];
steps[3][3].to.items = { oneOf: [{ const: 'head', title: 'Lãnh đạo cơ quan' }, { const: 'lead', title: 'Đơn vị chủ trì' }] };
const cases = new Map();
function makeCase(id, title) {
  const c = { id, title, agency_id: 'ag1', agency_name: agencies[0].name, status: 'open', opened_at: ago(50), closed_at: null, workflow: 'incident@5f2c91aa', description: '',
    definition: { title: 'Xử lý khẩn cấp sự cố', steps: steps.map(([sid, t, advice, properties, required]) => ({ id: sid, title: t, advice, form: { type: 'object', properties, required }, may_skip: true, roles: [] })) },
    steps: steps.map(([sid]) => ({ id: sid, state: 'waiting', attachments: [], doc: {}, may_act: true })), timeline: [{ at: ago(50), by: 'Nguyễn Minh Họa', kind: 'opened', text: `Mở từ cảnh báo: ${title}` }],
    alerts: [alerts[1]], attachments: [], clocks: [{ label: 'Báo cáo đơn vị chủ trì', due_at: ago(-130), overdue: false, waiting_for: agencies[0].name }], summary: null };
  cases.set(id, c);
  return c;
}
const viewOf = (c) => {
  const open = c.definition.steps.find((s) => !['done', 'skipped'].includes(c.steps.find((x) => x.id === s.id).state));
  return { ...c, steps_done: c.steps.filter((s) => ['done', 'skipped'].includes(s.state)).length, steps_total: 5, current_step: open?.title, next_needed: open ? `Làm hoặc bỏ qua có lý do: ${open.title}.` : '', may_close: !open };
};
makeCase('c1', 'Dò mật khẩu SSH vào máy chủ cổng thông tin');
const clauseNames = [['3.1.a', 'An toàn vật lý do lãnh đạo chỉ đạo'], ['3.1.b', 'Mật khẩu đủ mạnh và đổi ba tháng một lần'], ['3.1.c', 'Giới hạn và khóa khi đăng nhập sai; theo dõi đăng nhập từ xa'], ['3.1.d', 'Chống phần mềm độc hại, quét hằng tuần, vá lỗ hổng'], ['3.1.e', 'Ghi và sao lưu nhật ký hằng tháng'], ['3.1.g', 'Xử lý khẩn cấp năm bước'], ['3.2.a', 'Phòng máy chủ riêng, có người chuyên trách'], ['3.3.a', 'Quét thiết bị lưu trữ ngoài trước khi dùng'], ['4.1', 'Sao lưu dữ liệu dự phòng'], ['9.2', 'Trang bị kiến thức trước khi cho truy nhập'], ['9.8', 'Báo cáo hằng năm trước ngày 15/11'], ['11.2.b', 'Hạn chế chia sẻ tài nguyên, đặt mật khẩu khi chia sẻ'], ['11.2.c', 'Tắt máy khi không dùng quá hai giờ']];
const statuses = ['met', 'violated', 'unknown', 'met', 'attested', 'due', 'not_applicable', 'overdue', 'met', 'excepted', 'no_occasion'];
const clauses = clauseNames.map(([id, title], i) => { const [d, k, p] = id.split('.'); return { id, citation: `Quy chế, Điều ${d}, khoản ${k}${p ? `, điểm ${p}` : ''}`, title, duty: `${title}. Thủ trưởng cơ quan chịu trách nhiệm tổ chức thực hiện.`, scope: 'mọi cơ quan, đơn vị', pending: false, parts: [{ id: 'a', title, satisfied_by: i % 3 === 0 ? 'attestation' : i === 7 ? 'pending' : 'posture', subject: 'device' }] }; });
const cells = clauses.flatMap((c, i) => agencies.map((a, j) => { const status = statuses[(i * 3 + j * 2) % statuses.length]; const none = ['no_occasion', 'not_applicable'].includes(status); const total = none ? 0 : 1 + ((i * 7 + j * 5) % 14); return { clause: c.id, agency: a.id, status, met: ['met', 'attested', 'excepted'].includes(status) ? total : Math.floor(total / 2), total, unknown: status === 'unknown' ? Math.ceil(total / 2) : 0 }; }));
const counts = (list) => list.reduce((m, s) => ({ ...m, [s]: (m[s] ?? 0) + 1 }), {});
const obligation = (clause, agency, i) => { const status = cells.find((c) => c.clause === clause && c.agency === agency)?.status ?? 'met'; return { clause, part: 'a', subject: { kind: 'device', id: `d${i}`, name: `may-chu-0${i + 1}` }, agency_id: agency, agency_name: agencies.find((a) => a.id === agency)?.name, period: '2026-11', status: i === 0 ? status : 'met', reason: i === 0 && status === 'violated' ? 'Mật khẩu dài tối thiểu 6 ký tự, quy định là 8.' : 'Cấu hình đọc được đúng quy định.', would_change: i === 0 && status === 'violated' ? 'đặt minlen = 8 trong /etc/security/pwquality.conf; máy đo lại trong vòng một giờ.' : undefined,
  evidence: [{ kind: 'fact', ref: `d${i}/password_policy`, at: ago(34), summary: 'password_policy: min_length 6, classes lower, digit', source: `may-chu-0${i + 1}` }, { kind: 'event', ref: 'e3', at: ago(34), summary: 'Dữ kiện trong kho nhật ký' }], due_at: null, fresh_until: ago(-1400), evaluated_at: ago(30), pack: 'ha-giang@9c1d77aa0412f3b5' }; };
const devices = Array.from({ length: 7 }, (_, i) => ({ id: `d${i}`, name: `may-chu-0${i + 1}`, hostname: `may-chu-0${i + 1}.minhhoa.vn`, agency_id: agencies[i % 4].id, agency_name: agencies[i % 4].name, os: 'Debian GNU/Linux 12', status: ['online', 'online', 'silent', 'online', 'never_seen', 'revoked', 'online'][i], last_seen_at: i === 4 ? null : ago(i === 2 ? 2000 : 1), agent_version: '0.1.0', spool_bytes: i * 4096, clock_offset_ms: i === 2 ? 172_800_000 : 12, certificate_not_after: ago(-90_000), obligations: i % 2 ? { met: 9, violated: 1, unknown: 2 } : { met: 12 } }));
const facts = [{ kind: 'password_policy', collected_at: ago(34), valid_until: ago(-1400), rows: [{ min_length: 6, classes: ['lower', 'digit'], max_age_days: 'never', enforced_by: 'pam_pwquality' }], complete: true }, { kind: 'account', collected_at: ago(34), valid_until: ago(-1400), rows: [{ name: 'root', uid: 0, password_state: 'locked', privileged: true }, { name: 'an', uid: 1000, password_state: 'set', privileged: false }], complete: false, incomplete_reason: 'không đọc được /etc/shadow' }, { kind: 'antimalware', collected_at: ago(34), valid_until: ago(-1400), rows: [{ present: false, products: [] }], complete: true, unreadable: { last_scan_at: 'cần quyền quản trị' } }];
const overview = () => ({ generated_at: ago(0), agencies: agencies.map((a, j) => ({ id: a.id, name: a.name, obligations: counts(cells.filter((c) => c.agency === a.id).map((c) => c.status)), devices: a.devices, open_alerts: [5, 2, 1, 0][j], open_incidents: j === 0 ? 1 : 0 })), alerts_by_level: { critical: 2, high: 2, medium: 2, low: 1, informational: 1 }, open_incidents: [...cases.values()].map(viewOf).filter((c) => c.status === 'open'), silent_sources: [{ id: 's1', name: 'tuong-lua-minh-hoa', agency_id: 'ag2', agency_name: agencies[1].name, last_event_at: ago(312) }],
  storage: { used_bytes: 48_318_382_080, quota_percent: 80, used_percent: 41.3, journal_rows: 1_234_567_890, ledger_changes: 4821 }, ingest: { events_last_hour: 284_113, parse_errors: 17, udp_kernel_drops: 0 }, pack: { id: 'ha-giang', title: 'Quy chế 1374/QĐ-UBND (Hà Giang)', digest: '9c1d77aa0412f3b5c2' }, demo: true });
const streams = new Set();
const tellAll = (topic, data) => { for (const s of streams) s.write(`event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`); };
const register = { kind: 'leaver', title: 'Người nghỉ việc, chuyển công tác', group: 'accounts', owner: 'agency', states: [{ id: 'open', title: 'Đang mở', live: true }, { id: 'done', title: 'Đã xong', live: true }], indexed: ['full_name'], personal: [], may_create: true,
  moves: [{ from: ['open'], to: 'done', title: 'Hoàn tất thu hồi', by: ['administrator', 'agency_head'], needs: ['done_on'], attachment: false, allowed: true }],
  schema: { type: 'object', required: ['full_name', 'left_on'], properties: { full_name: { type: 'string', title: 'Họ và tên' }, left_on: { type: 'string', format: 'date', title: 'Ngày nghỉ, chuyển' }, accounts_locked: { type: 'boolean', title: 'Đã khóa tài khoản' }, done_on: { type: 'string', format: 'date', title: 'Ngày hoàn tất' } } } };
const recordOf = (id, doc) => ({ kind: 'leaver', id, agency_id: 'ag1', agency_name: agencies[0].name, state: 'open', doc, version: 1, created_at: ago(9), updated_at: ago(9), updated_by: 'Nguyễn Minh Họa', may_update: true, moves: register.moves, attachments: [], history: [{ sequence: 1, at: ago(9), by: 'Nguyễn Minh Họa', on_behalf: false, reason: 'created', state: 'open', doc, digest: '' }] });
const change = (r, doc, reason) => { r.doc = Object.fromEntries(Object.entries({ ...r.doc, ...doc }).filter(([, v]) => v !== null)); r.version += 1; r.moves = r.state === 'open' ? register.moves : []; r.history.unshift({ sequence: r.version, at: ago(0), by: 'Nguyễn Minh Họa', on_behalf: false, reason, state: r.state, doc: r.doc, digest: '' }); return r; };
const records = [recordOf('r1', { full_name: 'Trần Thị Minh (minh họa)', left_on: '2026-11-20' })];
class Refusal extends Error { constructor(status, code, text, more = {}) { super(text); this.body = { type: 'about:blank', title: code, status, code, text, ...more }; } }
const need = (x) => x ?? (() => { throw new Refusal(404, 'not_found', 'Không có mục này, hoặc không thuộc phạm vi của bạn.'); })();
const found = (q) => { const text = q.get('q') ?? ''; const at = text.indexOf('(('); if (at >= 0) throw new Refusal(400, 'invalid', 'Thiếu dấu ngoặc đóng trong biểu thức.', { error_position: at + 1 });
  const from = Date.parse(q.get('from') ?? 0); const to = Date.parse(q.get('to') ?? 8.64e15);
  const terms = [...text.matchAll(/(-)?([\w.]+):"?([^"\s]+(?: [^":]+(?="))?)"?/g)];
  return events.filter((e) => Date.parse(e.event_time) >= from && Date.parse(e.event_time) < to && terms.every(([, not, f, v]) => (v === '*' ? f in e.fields : [e.fields[f], e.host].includes(v)) !== !!not)); };
const topOf = (list, pick, n) => { const m = new Map(); for (const e of list) for (const v of pick(e)) m.set(v, (m.get(v) ?? 0) + 1); return [...m].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count).slice(0, n); };

function api(method, path, q, body, headers, raw) {
  const at = path.split('/').filter(Boolean).map(decodeURIComponent);
  const route = `${method} ${at[0]}${at.length > 1 ? '/*' : ''}${at.length > 2 ? `/${at[2]}` : ''}`;
  if (route === 'POST session') { if (body.password !== 'demo') throw new Refusal(401, 'sign_in_failed', 'Tên đăng nhập hoặc mật khẩu không đúng.'); who = body.username; return session(); }
  if (route === 'GET health') return { status: 'ok', demo: true };
  if (!who) throw new Refusal(401, 'signed_out', 'Chưa đăng nhập.');
  switch (route) {
    case 'GET session': return session();
    case 'DELETE session': who = null; return undefined;
    case 'POST session/*': who = 'quantri'; return session();
    case 'GET overview': return overview();
    case 'GET alerts': { const [s, l, a, r] = ['status', 'level', 'agency', 'rule'].map((n) => (q.get(n) ?? '').split(',').filter(Boolean)); const ok = (list, v) => list.length === 0 || list.includes(v); const items = alerts.filter((x) => ok(s, x.status) && ok(l, x.level) && ok(a, x.agency_id) && ok(r, x.rule_id)); return { items, next_cursor: null, total: items.length }; }
    case 'GET alerts/*': { const a = need(alerts.find((x) => x.id === at[1])); return { ...a, rule, events: events.slice(0, 6), search: `source_ip:${ips[0]}` }; }
    case 'POST alerts/*/triage': { const a = need(alerts.find((x) => x.id === at[1])); Object.assign(a, body); tellAll('alert', { id: a.id, kind: 'triaged' }); return a; }
    case 'POST alerts/*/incident': { const a = need(alerts.find((x) => x.id === at[1])); const c = makeCase(`c${cases.size + 1}`, a.title); a.case_id = c.id; c.alerts = [a]; tellAll('incident', { id: c.id }); return viewOf(c); }
    case 'GET events': { const list = found(q); if (q.get('order') === 'oldest') list.reverse(); const start = Number(q.get('cursor') ?? 0); return { items: list.slice(start, start + 50), next_cursor: start + 50 < list.length ? String(start + 50) : null, stats: { rows_scanned: 1_213_000_000, bytes_scanned: 318_000_000, blocks_skipped: 1820, seconds: 0.8 } }; }
    case 'GET events/*': {
      const list = at[1] === 'export' || found === null ? [] : ['histogram', 'top', 'fields'].includes(at[1]) ? found(q) : [];
      if (at[1] === 'histogram') { const times = list.map((e) => Date.parse(e.event_time)); let [from, to] = [Date.parse(q.get('from')), Date.parse(q.get('to'))]; if (from === 0) from = Math.min(...times, to - 1000); const w = Math.max(1000, Math.ceil((to - from) / 80 / 60_000) * 60_000); const n = Math.ceil((to - from) / w); const b = Array.from({ length: n }, (_, i) => ({ start: new Date(from + i * w).toISOString(), count: 0 })); for (const t of times) b[Math.floor((t - from) / w)].count += 1 + (t % 17); return { bucket_seconds: w / 1000, buckets: b, total: b.reduce((s, x) => s + x.count, 0) }; }
      if (at[1] === 'top') { const f = q.get('field'); const pick = (e) => (e.fields[f] ?? e[f]) === undefined ? [] : [e.fields[f] ?? e[f]]; return { items: topOf(list, pick, Number(q.get('n') ?? 10)), distinct: new Set(list.flatMap(pick)).size, with_field: list.length }; }
      if (at[1] === 'fields') return { items: topOf(list, (e) => [...Object.keys(e.fields), 'host', 'source', 'logsource'], 50) };
      return need(events.find((e) => e.ref === at[1])); }
    case 'GET devices': { const items = devices.filter((d) => (!q.get('agency') || d.agency_id === q.get('agency')) && (!q.get('status') || d.status === q.get('status')) && d.name.includes(q.get('q') ?? '')); return { items, next_cursor: null, total: items.length }; }
    case 'GET devices/*': { const d = need(devices.find((x) => x.id === at[1])); return { ...d, facts, coverage: { log_sources: [{ logsource: 'linux//sshd', last_event_at: d.last_seen_at }, { logsource: 'linux//syslog', last_event_at: d.last_seen_at }], rules: 14, blind: [{ logsource: 'linux//auditd', rules: 3 }] }, obligation_items: clauses.slice(1, 6).map((c) => ({ ...obligation(c.id, d.agency_id, 0), subject: { kind: 'device', id: d.id, name: d.name } })) }; }
    case 'POST devices/*/revoke': { const d = need(devices.find((x) => x.id === at[1])); d.status = 'revoked'; return d; }
    case 'POST enrolment-tokens': return { token: 'pd1.minh-hoa.invented-token-for-screens-only', expires_at: ago(-1440), command: 'sudo phendau agent enrol --token pd1.minh-hoa.invented-token-for-screens-only' };
    case 'GET obligations/*': return { pack: 'ha-giang@9c1d77aa', clauses, agencies: agencies.filter((a) => !q.get('agency') || a.id === q.get('agency')), cells };
    case 'GET obligations': return { items: [0, 1].map((i) => obligation(q.get('clause'), q.get('agency') ?? 'ag1', i)), next_cursor: null };
    case 'GET clauses/*': { const c = need(clauses.find((x) => x.id === at[1])); return { ...c, document: 'Quyết định 1374/QĐ-UBND ngày 24/7/2017 (bản minh họa)', rules: [{ part: 'a', readable: ['độ dài tối thiểu từ 8 trở lên', 'mật khẩu có chữ thường, chữ số và ký tự đặc biệt', 'đổi mật khẩu trong vòng 90 ngày'], source_yaml: 'detection:\n  compliant:\n    min_length|gte: 8\n  condition: compliant\n' }], history: [{ at: ago(4000), subject: 'may-chu-01', part: 'a', from: 'met', to: 'violated', reason: 'min_length đổi từ 8 thành 6' }] }; }
    case 'POST attestations': cells.find((c) => c.clause === body.clause && c.agency === body.agency_id).status = 'attested'; tellAll('obligation', { id: body.clause }); return { ...obligation(body.clause, body.agency_id, 0), status: 'attested' };
    case 'GET registers': return { items: [register] };
    case 'GET registers/*': if (at.length === 2) return { items: records.map(({ history, ...r }) => r), next_cursor: null, total: records.length };
      return need(records.find((r) => r.id === at[2]));
    case `GET registers/*/${at[2]}`: { const r = need(records.find((x) => x.id === at[2])); return at[3] === 'history' ? { items: r.history } : r; }
    case 'POST registers/*': records.push(recordOf(`r${records.length + 1}`, body.doc)); return records.at(-1);
    case `PATCH registers/*/${at[2]}`: return change(need(records.find((x) => x.id === at[2])), { ...body.doc }, 'changed');
    case `POST registers/*/${at[2]}`: { const r = need(records.find((x) => x.id === at[2])); if (at[3] === 'move') r.state = body.to; return change(r, body.doc ?? {}, body.reason ?? register.moves[0].title); }
    case 'GET incidents': { const items = [...cases.values()].map(viewOf).filter((c) => !q.get('status') || c.status === q.get('status')); return { items, next_cursor: null, total: items.length }; }
    case 'POST incidents': { const c = makeCase(`c${cases.size + 1}`, body.title); c.description = body.description ?? ''; c.alerts = []; return viewOf(c); }
    case 'GET incidents/*': return viewOf(need(cases.get(at[1])));
    case 'POST incidents/*/steps': { const c = need(cases.get(at[1])); const s = need(c.steps.find((x) => x.id === at[3])); const to = { begin: 'active', done: 'done', skip: 'skipped', reopen: 'active', note: s.state }[body.verb]; Object.assign(s, { state: to, by: 'Nguyễn Minh Họa', at: ago(0), doc: body.doc ?? s.doc, skip_reason: body.verb === 'skip' ? body.reason : null, attachments: body.attachments ?? s.attachments }); c.timeline.push({ at: ago(0), by: 'Nguyễn Minh Họa', kind: body.verb, text: body.reason ?? c.definition.steps.find((x) => x.id === at[3]).title }); return viewOf(c); }
    case 'POST incidents/*/close': { const c = need(cases.get(at[1])); if (viewOf(c).current_step) throw new Refusal(409, 'steps_open', 'Còn bước chưa xong; hoàn thành hoặc bỏ qua có lý do rồi mới đóng được.'); Object.assign(c, { status: 'closed', summary: body.summary, closed_at: ago(0) }); c.timeline.push({ at: ago(0), by: 'Nguyễn Minh Họa', kind: 'closed', text: body.summary }); return viewOf(c); }
    case 'POST attachments': { if (/mat/i.test(q.get('name') ?? '')) throw new Refusal(422, 'upload_refused', 'Tệp có dấu hiệu chứa bí mật nhà nước ("TUYỆT MẬT" ở trang đầu) nên không được lưu. Xử lý tài liệu mật theo quy định về bảo vệ bí mật nhà nước, ngoài hệ thống này.'); const a = { sha256: createHash('sha256').update(raw).digest('hex'), name: q.get('name'), size_bytes: raw.length }; cases.get(headers['x-case'])?.attachments.push(a); return a; }
    case 'GET agencies': return { items: agencies };
    case 'POST agencies': { const a = { id: `ag${agencies.length + 1}`, state: 'active', devices: 0, ...body }; agencies.push(a); return a; }
    case 'PATCH agencies/*': return Object.assign(need(agencies.find((a) => a.id === at[1])), body);
    case 'GET users': return { items: [{ ...session().user, locked: false, must_change_password: false }, { id: 'u2', username: 'ltb', name: 'Lê Thị Bình (minh họa)', role: 'agency_officer', agency_ids: ['ag2'], locked: true, must_change_password: false }] };
    case 'POST users': return { id: 'u9', locked: false, must_change_password: true, ...body, one_time_password: 'minh-hoa-1!' };
    case 'PATCH users/*': return { id: at[1], username: 'ltb', name: 'Lê Thị Bình (minh họa)', role: 'agency_officer', agency_ids: [], locked: !!body.locked, must_change_password: true, ...(body.reset_password ? { one_time_password: 'minh-hoa-1!' } : {}) };
    case 'GET packs': return { items: [{ id: 'ha-giang', title: 'Quy chế 1374/QĐ-UBND (Hà Giang)', digest: '9c1d77aa0412f3b5c2', active: true, coverage: { posture: 14, detection: 3, workflow: 2, attestation: 19, pending: 6 } }] };
    case 'GET rules': return { items: [{ id: rule.id, title: rule.title, level: 'high', logsource: 'linux//sshd', state: 'active' }, { id: 'new-admin', title: 'Thêm tài khoản có quyền quản trị', level: 'medium', logsource: 'linux//auth', state: 'active' }] };
    case 'POST uploads/*': return { accepted: String(raw).split('\n').filter(Boolean).length, rejected: 0 };
    default: throw new Refusal(404, 'not_found', 'Không có địa chỉ này.');
  }
}

const kTypes = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  const parts = [];
  for await (const part of request) parts.push(part);
  const raw = Buffer.concat(parts);
  if (url.pathname === '/api/v1/stream' && who) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': hello\n\n');
    streams.add(response);
    request.on('close', () => streams.delete(response));
  } else if (url.pathname.startsWith('/api/v1/')) {
    try {
      const isJson = (request.headers['content-type'] ?? '').includes('/json');
      const answer = api(request.method, url.pathname.slice(8), url.searchParams, isJson && raw.length ? JSON.parse(raw) : {}, request.headers, raw);
      response.writeHead(answer === undefined ? 204 : 200, { 'Content-Type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    } catch (cause) {
      const body = cause instanceof Refusal ? cause.body : { type: 'about:blank', title: 'bug', status: 500, code: 'bug', text: 'Máy chủ minh họa gặp lỗi.', detail: String(cause.stack) };
      response.writeHead(body.status, { 'Content-Type': 'application/problem+json' });
      response.end(JSON.stringify(body));
    }
  } else {
    const file = new URL(`.${url.pathname}`, dist);
    const use = url.pathname !== '/' && file.href.startsWith(dist.href) && existsSync(file) ? file : new URL('index.html', dist);
    response.writeHead(200, { 'Content-Type': kTypes[use.pathname.split('.').pop()] ?? 'application/octet-stream', 'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff' });
    response.end(readFileSync(use));
  }
}).listen(port, '127.0.0.1', () => console.log(`pretend hub with invented data: http://127.0.0.1:${port}`));
