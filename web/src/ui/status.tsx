// SPDX-License-Identifier: Apache-2.0
// Status and level: icon, word and colour together, never colour alone.
import type { Level, Status, StatusCounts } from '../api/types';
import { countsText, fraction, levelOrder, levelWords, statusWords, worst } from '../text/words';
import { Icon, type IconName } from './icon';

export const statusIcons: Record<Status, IconName> = {
  met: 'done',
  attested: 'pen',
  excepted: 'shield',
  due: 'clock',
  unknown: 'question',
  overdue: 'late',
  violated: 'cross',
  no_occasion: 'empty',
  not_applicable: 'dash',
};

export function StatusMark({ status, children }: { status: Status; children?: preact.ComponentChildren }) {
  return (
    <span class={`status s-${status}`}>
      <Icon name={statusIcons[status] ?? 'question'} size={16} />
      <span>{statusWords[status] ?? 'Chưa rõ'}{children}</span>
    </span>
  );
}

/** "18/23, 3 chưa rõ" with the worst status in front. */
export function RollUp({ counts }: { counts: StatusCounts }) {
  const { good, total, unknown } = fraction(counts);
  return (
    <span class="rollup" title={countsText(counts)}>
      <StatusMark status={worst(counts)} />
      {total > 0 && <span class="num muted">{good}/{total}{unknown > 0 && `, ${unknown} chưa rõ`}</span>}
    </span>
  );
}

export function LevelMark({ level }: { level: Level }) {
  const filled = levelOrder.length - Math.max(0, levelOrder.indexOf(level));
  return (
    <span class={`level l-${level}`}>
      <svg class="level-bars" width="18" height="14" viewBox="0 0 18 14" aria-hidden="true">
        {[1, 2, 3, 4, 5].map((i) => (
          <rect key={i} x={(i - 1) * 3.7} y={12 - i * 2.2} width="2.600" height={i * 2.2 + 1}
                class={i <= filled ? 'on' : 'off'} />
        ))}
      </svg>
      <span>{levelWords[level] ?? level}</span>
    </span>
  );
}
