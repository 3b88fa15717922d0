// SPDX-License-Identifier: Apache-2.0
// Whether a machine is heard, with icon and word.
import type { Device } from '../api/types';
import { deviceStatusWords } from '../text/words';
import { Icon, type IconName } from './icon';

const kIcons: Record<Device['status'], IconName> = { online: 'done', silent: 'late', never_seen: 'empty', expired: 'clock', revoked: 'lock' };
const kColours: Record<Device['status'], string> = { online: 's-met', silent: 's-overdue', never_seen: 's-no_occasion', expired: 's-overdue', revoked: 's-no_occasion' };

export function DeviceState({ device }: { device: Device }) {
  return <span class={`status ${kColours[device.status] ?? ''}`}><Icon name={kIcons[device.status] ?? 'question'} size={16} /><span>{deviceStatusWords[device.status] ?? device.status}</span></span>;
}
