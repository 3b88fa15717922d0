// SPDX-License-Identifier: Apache-2.0
// The map of the portal: address, page, and the permission that makes it visible.
import type { ComponentType } from 'preact';
import type { IconName } from '../ui/icon';
import { lazy } from './lazy';
import { may, session } from './session';

export interface PageProps {
  id: string;
}

export interface Section {
  path: string;
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
  { path: '/viec-cua-toi', title: 'Việc của tôi', icon: 'task', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/tasks')) },
  { path: '/toan-canh', title: 'Toàn cảnh', icon: 'overview', visible: () => may('read:agency'),
    page: lazy(() => import('../pages/overview')) },
  { path: '/canh-bao', title: 'Cảnh báo', icon: 'alert', visible: () => may('read:alert'),
    page: lazy(() => import('../pages/alerts')), detail: lazy(() => import('../pages/alert')) },
  { path: '/nhat-ky', title: 'Nhật ký', icon: 'log', visible: () => may('read:event'),
    page: lazy(() => import('../pages/logs')) },
  { path: '/su-co', title: 'Sự cố', icon: 'incident', visible: () => may('read:incident'),
    page: lazy(() => import('../pages/incidents')), detail: lazy(() => import('../pages/incident')) },
  { path: '/bao-su-co', title: 'Báo sự cố', icon: 'incident', visible: () => may('create:incident') && !may('read:incident'),
    page: lazy(() => import('../pages/report')) },
  { path: '/nghia-vu', title: 'Nghĩa vụ', icon: 'obligation', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/obligations')) },
  { path: '/van-ban', title: 'Văn bản', icon: 'file', visible: () => may('read:pack'),
    page: lazy(() => import('../pages/document')) },
  { path: '/lich', title: 'Lịch', icon: 'calendar', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/calendar')) },
  { path: '/co-quan', title: 'Cơ quan', icon: 'agency', visible: () => may('read:agency') && may('read:obligation'),
    page: lazy(() => import('../pages/agency')), detail: lazy(() => import('../pages/agency')) },
  { path: '/thiet-bi', title: 'Thiết bị', icon: 'device', visible: () => may('read:device'),
    page: lazy(() => import('../pages/devices')), detail: lazy(() => import('../pages/device')) },
  { path: '/so-dang-ky', title: 'Sổ đăng ký', icon: 'case', visible: () => may('read:record'), deep: true,
    page: lazy(() => import('../pages/registers')), detail: lazy(() => import('../pages/register')) },
  { path: '/to-chuc', title: 'Tổ chức', icon: 'link', visible: () => may('read:agency'),
    page: lazy(() => import('../pages/organisations')) },
  { path: '/hang-doi', title: 'Hàng đợi', icon: 'clock', visible: () => may('read:storage'),
    page: lazy(() => import('../pages/queue')) },
  { path: '/thong-bao-nguy-co', title: 'Thông báo nguy cơ', icon: 'note', visible: () => may('attest:record'),
    page: lazy(() => import('../pages/warnings')), detail: lazy(() => import('../pages/warning')) },
  { path: '/xep-hang', title: 'Xếp hạng', icon: 'column', visible: () => may('read:obligation'),
    page: lazy(() => import('../pages/ranking')) },
  { path: '/lanh-dao', title: 'Trang lãnh đạo', icon: 'file', visible: () => may('read:storage') || session.value?.user.role === 'agency_head',
    page: lazy(() => import('../pages/leader')) },
  { path: '/cai-dat', title: 'Cài đặt của tỉnh', icon: 'pen', visible: () => may('read:setting'),
    page: lazy(() => import('../pages/settings')) },
  { path: '/quan-tri', title: 'Quản trị', icon: 'admin', visible: () => may('read:user'),
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
