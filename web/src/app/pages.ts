// SPDX-License-Identifier: Apache-2.0
// The map of the portal: address, page, and the permission that makes it visible.
import type { ComponentType } from 'preact';
import type { IconName } from '../ui/icon';
import { lazy } from './lazy';
import { may, session } from './session';

export interface PageProps {
  id: string;
}

/** What the navigation is divided into, in order. */
export const groups = [['work', 'Việc'], ['watch', 'Theo dõi'], ['law', 'Quy định'], ['books', 'Sổ sách'], ['system', 'Hệ thống']] as const;

export interface Section {
  path: string;
  group: (typeof groups)[number][0];
  title: string;
  icon: IconName;
  visible: () => boolean;
  page: ComponentType<PageProps>;
  /** Page of /path/ID */
  detail?: ComponentType<PageProps>;
  /** The detail also takes /path/A/B; its id is then "A/B". */
  deep?: boolean;
}

export const sections: Section[] = [
  { path: '/viec-cua-toi', group: 'work', title: 'Việc của tôi', icon: 'task', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/tasks')) },
  { path: '/hang-doi', group: 'work', title: 'Hàng đợi', icon: 'clock', visible: () => may('read:storage'),
    page: lazy(() => import('../pages/queue')) },
  { path: '/lich', group: 'work', title: 'Lịch', icon: 'calendar', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/calendar')) },
  { path: '/toan-canh', group: 'watch', title: 'Toàn cảnh', icon: 'overview', visible: () => may('read:agency'),
    page: lazy(() => import('../pages/overview')) },
  { path: '/canh-bao', group: 'watch', title: 'Cảnh báo', icon: 'alert', visible: () => may('read:alert'),
    page: lazy(() => import('../pages/alerts')), detail: lazy(() => import('../pages/alert')) },
  { path: '/bo-loc-bao-nham', group: 'watch', title: 'Bộ lọc báo nhầm', icon: 'skip', visible: () => may('update:rule'),
    page: lazy(() => import('../pages/rule-filters')), detail: lazy(() => import('../pages/rule-filter')) },
  { path: '/dau-hieu', group: 'watch', title: 'Bộ dấu hiệu', icon: 'search', visible: () => may('update:rule'),
    page: lazy(() => import('../pages/indicators')), detail: lazy(() => import('../pages/indicator-list')) },
  { path: '/nhat-ky', group: 'watch', title: 'Nhật ký', icon: 'log', visible: () => may('read:event'),
    page: lazy(() => import('../pages/logs')) },
  { path: '/su-co', group: 'watch', title: 'Sự cố', icon: 'incident', visible: () => may('read:incident'),
    page: lazy(() => import('../pages/incidents')), detail: lazy(() => import('../pages/incident')) },
  { path: '/tin-bao', group: 'watch', title: 'Tin báo', icon: 'note', visible: () => may('read:incident') && may('create:incident'),
    page: lazy(() => import('../pages/incident-reports')), detail: lazy(() => import('../pages/incident-report')) },
  { path: '/phoi-hop', group: 'watch', title: 'Phối hợp', icon: 'agency', visible: () => may('read:record'),
    page: lazy(() => import('../pages/coordination')) },
  { path: '/truc', group: 'watch', title: 'Trực và đầu mối', icon: 'calendar', visible: () => may('read:duty_roster'),
    page: lazy(() => import('../pages/duty-roster')) },
  { path: '/chung-cu', group: 'watch', title: 'Chứng cứ', icon: 'lock', visible: () => may('read:record'),
    page: lazy(() => import('../pages/evidence')), detail: lazy(() => import('../pages/evidence-item')) },
  { path: '/bao-su-co', group: 'watch', title: 'Báo sự cố', icon: 'incident', visible: () => may('create:incident') && !may('read:incident'),
    page: lazy(() => import('../pages/report')) },
  { path: '/thong-bao-nguy-co', group: 'watch', title: 'Thông báo nguy cơ', icon: 'note', visible: () => may('attest:record'),
    page: lazy(() => import('../pages/warnings')), detail: lazy(() => import('../pages/warning')) },
  { path: '/thiet-bi', group: 'watch', title: 'Thiết bị', icon: 'device', visible: () => may('read:device'),
    page: lazy(() => import('../pages/devices')), detail: lazy(() => import('../pages/device')) },
  { path: '/nghia-vu', group: 'law', title: 'Nghĩa vụ', icon: 'obligation', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/obligations')) },
  { path: '/van-ban', group: 'law', title: 'Văn bản', icon: 'file', visible: () => may('read:pack'),
    page: lazy(() => import('../pages/document')) },
  { path: '/xep-hang', group: 'law', title: 'Xếp hạng', icon: 'column', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/ranking')) },
  { path: '/lanh-dao', group: 'law', title: 'Trang lãnh đạo', icon: 'file', visible: () => may('read:storage') || session.value?.user.role === 'agency_head',
    page: lazy(() => import('../pages/leader')) },
  { path: '/thong-bao-da-gui', group: 'books', title: 'Thông báo đã gửi', icon: 'note', visible: () => may('read:record'),
    page: lazy(() => import('../pages/deliveries')) },
  { path: '/so-dang-ky', group: 'books', title: 'Sổ đăng ký', icon: 'case', visible: () => may('read:record'), deep: true,
    page: lazy(() => import('../pages/registers')), detail: lazy(() => import('../pages/register')) },
  { path: '/giay-to', group: 'books', title: 'Giấy tờ', icon: 'pen', visible: () => may('read:record'),
    page: lazy(() => import('../pages/papers')), detail: lazy(() => import('../pages/paper')) },
  { path: '/co-quan', group: 'books', title: 'Cơ quan', icon: 'agency', visible: () => may('read:agency') && may('read:obligation'),
    page: lazy(() => import('../pages/agency')), detail: lazy(() => import('../pages/agency')) },
  { path: '/to-chuc', group: 'books', title: 'Tổ chức', icon: 'link', visible: () => may('read:agency'),
    page: lazy(() => import('../pages/organisations')) },
  { path: '/cai-dat', group: 'system', title: 'Cài đặt của tỉnh', icon: 'pen', visible: () => may('read:setting'),
    page: lazy(() => import('../pages/settings')) },
  { path: '/quan-tri', group: 'system', title: 'Quản trị', icon: 'admin', visible: () => may('read:user'),
    page: lazy(() => import('../pages/admin')) },
];

/** Who watches the province begins with the whole picture, everybody else with what they owe. */
export function homeOf(): Section | undefined {
  const watches = may('read:storage');
  return sections.find((s) => s.visible() && (!watches || s.path === '/toan-canh')) ?? sections.find((s) => s.visible());
}

/** Reached from other pages; not in the navigation. */
export const startPage = lazy<PageProps>(() => import('../pages/start'));
export const accountPage = lazy<PageProps>(() => import('../pages/account'));
