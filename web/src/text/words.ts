// SPDX-License-Identifier: Apache-2.0
// The words of the screens for the fixed names of the API. The pairs are kept in docs/glossary.md.
import type { AlertStatus, Device, Level, Order, Role, Status } from '../api/types';

export const statusWords: Record<Status, string> = {
  met: 'Đạt',
  attested: 'Xác nhận',
  excepted: 'Được miễn',
  due: 'Đến hạn',
  unknown: 'Chưa rõ',
  overdue: 'Quá hạn',
  violated: 'Vi phạm',
  no_occasion: 'Chưa phát sinh',
  not_applicable: 'Không áp dụng',
};

/** Worst first: the order of every list of statuses. */
export const statusOrder: Status[] = [
  'violated', 'overdue', 'unknown', 'due', 'excepted', 'attested', 'met', 'no_occasion', 'not_applicable',
];

export const levelWords: Record<Level, string> = {
  critical: 'Nghiêm trọng',
  high: 'Cao',
  medium: 'Trung bình',
  low: 'Thấp',
  informational: 'Thông tin',
};
export const levelOrder: Level[] = ['critical', 'high', 'medium', 'low', 'informational'];

export const alertStatusWords: Record<AlertStatus, string> = {
  new: 'Mới',
  acknowledged: 'Đã tiếp nhận',
  closed: 'Đã đóng',
};

export const roleWords: Record<Role, string> = {
  administrator: 'Quản trị viên',
  province_operator: 'Trực vận hành tỉnh',
  agency_officer: 'Cán bộ phụ trách CNTT',
  agency_head: 'Thủ trưởng cơ quan',
  partner: 'Đơn vị phối hợp',
  staff: 'Cán bộ, công chức',
};

export const deviceStatusWords: Record<Device['status'], string> = {
  online: 'Đang hoạt động',
  silent: 'Im lặng',
  never_seen: 'Chưa kết nối',
  expired: 'Chứng thư hết hạn',
  revoked: 'Đã thu hồi',
};

export const orderWords: Record<Order['order'], string> = {
  isolate: 'Cách ly',
  release: 'Bỏ cách ly',
  collect: 'Thu thập chứng cứ',
  collect_facts: 'Đo lại',
};

export const orderStateWords: Record<Order['state'], string> = {
  waiting: 'Chờ máy liên lạc',
  handed_out: 'Máy đã nhận',
  done: 'Đã làm xong',
  failed: 'Không làm được',
  cancelled: 'Đã hủy',
  expired: 'Hết hạn',
};

export const satisfiedByWords: Record<string, string> = {
  posture: 'Kiểm tra cấu hình máy',
  posture_rule: 'Kiểm tra cấu hình máy',
  detection: 'Luật phát hiện đang chạy',
  probe: 'Thăm dò từ máy chủ',
  register: 'Sổ theo dõi',
  workflow: 'Quy trình xử lý',
  document: 'Văn bản đã gửi',
  hub_setting: 'Thiết lập của máy chủ',
  setting: 'Thiết lập của máy chủ',
  occasion: 'Việc phát sinh',
  pack: 'Nội dung của bộ quy định',
  definition: 'Định nghĩa, không phải kiểm tra',
  attestation: 'Xác nhận của cơ quan',
  pending: 'Chưa có cách kiểm tra',
};

export const factWords: Record<string, string> = {
  host: 'Máy',
  password_policy: 'Chính sách mật khẩu',
  account: 'Tài khoản',
  login_lockout: 'Khóa đăng nhập sai',
  antimalware: 'Chống mã độc',
  updates: 'Bản vá',
  logging: 'Ghi nhật ký',
  backup: 'Sao lưu',
  idle_shutdown: 'Tắt máy khi không dùng',
  share: 'Chia sẻ tài nguyên',
  log_source: 'Nguồn nhật ký',
};

/** Fields by which an alert names what it is about; the rest of docs/reference/fields.md is for searching only. */
export const indicatorWords: Record<string, string> = {
  ip: 'địa chỉ', network: 'dải địa chỉ', domain: 'tên miền', url: 'trang', md5: 'mã băm MD5', sha1: 'mã băm SHA-1', sha256: 'mã băm SHA-256', email: 'hộp thư', file_name: 'tên tệp',
};
/** TLP 2.0 says who may be told; the label itself stays as it is on every paper. */
export const tlpWords: Record<string, string> = {
  'TLP:CLEAR': 'không giới hạn', 'TLP:GREEN': 'trong cộng đồng', 'TLP:AMBER': 'trong cơ quan và đơn vị cần biết', 'TLP:AMBER+STRICT': 'chỉ trong cơ quan', 'TLP:RED': 'chỉ người nhận',
};
export const ruleFilterWords = { draft: 'Bản nháp', in_force: 'Đang có hiệu lực', ended: 'Đã kết thúc' } as const;

export const entityWords: Record<string, string> = {
  queue_id: 'mã thư', mail_to: 'người nhận', usb_port: 'cổng USB', device_serial: 'số máy', DeviceId: 'thiết bị', TargetUserName: 'tài khoản', TargetDomainName: 'miền',
  'c-ip': 'địa chỉ máy', 'cs-username': 'người dùng', src_ip: 'địa chỉ máy', flow_id: 'mã kết nối',
  host: 'máy', user: 'tài khoản', target_user: 'tài khoản bị tác động', source_ip: 'địa chỉ nguồn', source_name: 'máy nguồn', source: 'nguồn nhật ký',
  agency: 'cơ quan', program: 'chương trình', command: 'lệnh', group: 'nhóm', service: 'dịch vụ', device: 'thiết bị', action: 'việc', outcome: 'kết quả',
  method: 'cách xác thực', message: 'nội dung', pid: 'số tiến trình', facility: 'nhóm nhật ký', severity: 'mức nghiêm trọng', port: 'cổng',
};

const kSources: Record<string, string> = {
  'linux//auth': 'Linux, đăng nhập và tài khoản', 'linux//sshd': 'Linux, đăng nhập từ xa SSH', 'linux//sudo': 'Linux, lệnh chạy bằng quyền quản trị',
  'linux//cron': 'Linux, việc định kỳ', 'linux//kernel': 'Linux, nhân hệ điều hành', 'linux//auditd': 'Linux, kiểm toán hệ thống', 'linux//syslog': 'Linux, nhật ký hệ thống',
  'linux//': 'Linux, mọi nhật ký', 'linux//text': 'Linux, tệp văn bản', 'linux/process_creation/': 'Linux, chương trình được chạy',
  'linux/file_event/': 'Linux, tệp được tạo', 'linux/network_connection/': 'Linux, kết nối mạng', 'linux/firewall/netfilter': 'Linux, tường lửa',
  'linux/mail/postfix': 'Máy chủ thư Postfix', 'linux/mail/exim': 'Máy chủ thư Exim', 'linux/mail/dovecot': 'Hộp thư Dovecot', '/mail/': 'Máy chủ thư',
  '/webserver/': 'Máy chủ web', '/proxy/': 'Máy chủ trung gian truy cập web', '/dns/': 'Máy chủ tên miền', '/firewall/': 'Tường lửa', '/antivirus/': 'Phần mềm chống mã độc',
  'apache//error': 'Lỗi của máy chủ web Apache', 'nginx//error': 'Lỗi của máy chủ web nginx', 'cef//': 'Thiết bị gửi dạng CEF',
  'fortigate//traffic': 'Tường lửa FortiGate, kết nối', 'fortigate//event': 'Tường lửa FortiGate, quản trị', 'fortigate//utm': 'Tường lửa FortiGate, lọc nội dung', 'sophos/firewall/': 'Tường lửa Sophos',
  'windows//security': 'Windows, an ninh', 'windows//system': 'Windows, hệ thống', 'windows//application': 'Windows, ứng dụng', 'windows//sysmon': 'Windows, Sysmon',
  'windows//windefend': 'Windows, chống mã độc Defender', 'windows//powershell': 'Windows, lệnh PowerShell', 'windows//driver-framework': 'Windows, thiết bị cắm vào',
  'windows/process_creation/': 'Windows, chương trình được chạy', 'windows//': 'Windows, mọi nhật ký', 'suricata//tls': 'Cảm biến mạng, kết nối mã hóa', 'suricata//flow': 'Cảm biến mạng, luồng',
  'phendau//hub': 'Máy chủ Phên Dậu', correlation: 'Ghép nhiều sự kiện', silence: 'Nguồn ngừng gửi hoặc gửi ít đi',
};

/** Where the events of a rule come from ("linux//auth"), in words. */
export function sourceWord(logsource: string): string {
  return kSources[logsource] ?? logsource.split('/').filter(Boolean).join(', ');
}

/** What the hub writes of its own portal ("portal sign-in bad_password"), in words. */
export function portalSentence(message: string, user: string): string | null {
  const reason = /^portal sign-in ?(\w*)$/.exec(message)?.[1];
  if (reason === undefined) return null;
  const why: Record<string, string> = {
    '': 'thành công', bad_password: 'sai mật khẩu', locked: 'tài khoản đã khóa', waiting: 'còn phải chờ sau nhiều lần sai', signed_out: 'đã đăng xuất',
    unknown_user: 'không có tài khoản này', totp: 'sai mã xác thực', bad_totp: 'sai mã xác thực', totp_required: 'thiếu mã xác thực', throttled: 'quá nhiều lần sai',
  };
  return `Đăng nhập cổng${user ? ` bằng ${user}` : ''}: ${why[reason] ?? reason}`;
}

export const reportStates = {
  new: 'Chưa trả lời',
  opened: 'Đã mở hồ sơ',
  linked: 'Đã vào hồ sơ có sẵn',
  answered: 'Không phải sự cố'
} as const;
export const reportAbout = {
  incident: 'Sự cố',
  risk: 'Nguy cơ'
} as const;
export const reportChannels = {
  form: 'Biểu mẫu công khai',
  portal: 'Cổng nội bộ',
  email: 'Thư điện tử',
  phone: 'Điện thoại',
  fax: 'Fax',
  document: 'Văn bản giấy',
  in_person: 'Gặp trực tiếp'
} as const;
export const timelineWords: Record<string, string> = {
  unsealed: 'Bỏ giữ kín',
  opened: 'Mở hồ sơ',
  alert: 'Cảnh báo',
  begin: 'Bắt đầu bước',
  done: 'Hoàn thành bước',
  skip: 'Bỏ qua bước',
  reopen: 'Mở lại bước',
  note: 'Ghi chú',
  attachment: 'Tệp đính kèm',
  attach: 'Tệp đính kèm',
  close: 'Đóng hồ sơ',
  closed: 'Đóng hồ sơ',
  stopped: 'Kết thúc sớm',
  reopened: 'Mở lại hồ sơ',
  detected: 'Sửa thời điểm phát hiện',
  request: 'Phối hợp',
  part: 'Hồ sơ con',
  paper: 'Giấy tờ',
  order: 'Lệnh',
  effect: 'Hệ thống tự làm',
  evidence: 'Chứng cứ',
};

/** What a detection rule serves, as packs name it. */
export const featureWords: Record<string, string> = {
  'official-mail-use': 'Dùng thư công vụ đúng mục đích', 'document-leak': 'Tài liệu ra ngoài cơ quan', 'shared-accounts': 'Tài khoản dùng chung', 'removable-media': 'Thiết bị lưu trữ ngoài',
  'remote-admin-register': 'Theo dõi quản trị từ xa', 'soc-monitoring': 'Giám sát an toàn thông tin', 'login-lockout': 'Đăng nhập sai nhiều lần',
  'log-collection': 'Thu thập nhật ký', 'log-review': 'Kiểm tra nhật ký', 'log-retention': 'Lưu giữ nhật ký', 'access-control': 'Kiểm soát truy cập',
  'account-lifecycle': 'Quản lý vòng đời tài khoản', 'incident-report': 'Báo cáo sự cố',
};

/** Tactics of ATT&CK, as rules are tagged with them. */
export const tacticWords: Record<string, string> = {
  reconnaissance: 'Dò tìm thông tin', 'resource-development': 'Chuẩn bị công cụ', 'initial-access': 'Xâm nhập ban đầu', execution: 'Chạy mã', persistence: 'Bám trụ',
  'privilege-escalation': 'Leo thang đặc quyền', 'defense-evasion': 'Né phòng thủ', 'credential-access': 'Lấy cắp mật khẩu', discovery: 'Dò quét bên trong',
  'lateral-movement': 'Di chuyển ngang', collection: 'Thu gom dữ liệu', 'command-and-control': 'Điều khiển từ xa', exfiltration: 'Đưa dữ liệu ra ngoài', impact: 'Gây hại',
};

export const settingWords: Record<string, string> = {
  'accounts.password_age_months_max': 'thời hạn mật khẩu của cổng (tháng)', 'accounts.training_gate': 'chỉ giao quyền cho người đã tập huấn',
  'rights.enforced': 'phân quyền theo vai trò', 'pack.in_force': 'bộ quy định đang có hiệu lực',
};

/** Steps of the incident workflow, where a sentence names them. */
export const stepWords: Record<string, string> = {
  isolate: 'Cô lập máy chủ', verify: 'Xác minh và phân loại', collect: 'Sao chép nhật ký và dữ liệu', report: 'Báo cáo lãnh đạo và Sở', restore: 'Khôi phục và lưu hồ sơ',
};

export const evidenceWords: Record<string, string> = {
  detection: 'Phát hiện',
  workflow_run: 'Hồ sơ',
  fact: 'Dữ kiện',
  event: 'Sự kiện',
  alert: 'Cảnh báo',
  record: 'Bản ghi',
  case: 'Hồ sơ',
  attestation: 'Xác nhận',
  setting: 'Thiết lập',
  rule: 'Luật',
};

export const timeQualityWords: Record<string, string> = {
  exact: 'giờ của máy nguồn',
  zone_assumed: 'máy nguồn không ghi múi giờ, lấy +07',
  year_assumed: 'máy nguồn không ghi năm, lấy năm gần nhất',
  skewed: 'đồng hồ máy nguồn lệch',
  received: 'không đọc được giờ, lấy giờ nhận',
};

/** For choices of pack forms that carry no Vietnamese titles of their own. */
export const choiceWords: Record<string, string> = {
  agent: 'Tác tử', cable: 'Rút cáp', switch: 'Thiết bị chuyển mạch', firewall: 'Tường lửa', other: 'Cách khác',
  low: 'Thấp', medium: 'Trung bình', high: 'Cao', critical: 'Nghiêm trọng',
  document: 'Văn bản', email: 'Thư điện tử', phone: 'Điện thoại', fax: 'Fax', meeting: 'Họp trực tiếp',
  defacement: 'Thay đổi giao diện', phishing: 'Lừa đảo', malware: 'Phát tán mã độc', dos: 'Từ chối dịch vụ',
};

/** A list of counts as a person says it: "3 vi phạm, 1 quá hạn". */
export function countsText(counts: Partial<Record<Status, number>>): string {
  return statusOrder
    .filter((s) => (counts[s] ?? 0) > 0)
    .map((s) => `${counts[s]} ${statusWords[s].toLowerCase()}`)
    .join(', ');
}

/** Worst status with a count, as model/status.h rolls up. */
export function worst(counts: Partial<Record<Status, number>>): Status {
  return statusOrder.find((s) => (counts[s] ?? 0) > 0) ?? 'no_occasion';
}

/** met + attested + excepted over everything that applies, as in "18/23". */
export function fraction(counts: Partial<Record<Status, number>>): { good: number; total: number; unknown: number } {
  const n = (s: Status): number => counts[s] ?? 0;
  const good = n('met') + n('attested') + n('excepted');
  return { good, total: good + n('due') + n('unknown') + n('overdue') + n('violated'), unknown: n('unknown') };
}
