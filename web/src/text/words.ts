// SPDX-License-Identifier: Apache-2.0
// The words of the screens for the fixed names of the API. The pairs are kept in docs/glossary.md.
import type { AlertStatus, Device, Level, Role, Status } from '../api/types';

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

export const satisfiedByWords: Record<string, string> = {
  posture: 'Kiểm tra cấu hình máy',
  detection: 'Luật phát hiện đang chạy',
  probe: 'Thăm dò từ máy chủ',
  register: 'Sổ theo dõi',
  workflow: 'Quy trình xử lý',
  document: 'Văn bản đã gửi',
  hub_setting: 'Thiết lập của máy chủ',
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

export const timelineWords: Record<string, string> = {
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
  order: 'Lệnh',
  clock: 'Hạn',
};

export const evidenceWords: Record<string, string> = {
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
