// SPDX-License-Identifier: Apache-2.0
// Designed states: waiting, nothing here, not allowed, broken. Each says what to do next.
import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/types';
import { Icon, type IconName } from './icon';
import { useSlow, type Loaded } from './load';

export function Skeleton({ rows = 6 }: { rows?: number }) {
  const slow = useSlow(true);
  if (!slow) return <div class="skeleton-room" aria-busy="true" />;
  return (
    <div class="skeleton" aria-busy="true">
      <span class="sr-only">Đang tải…</span>
      {Array.from({ length: rows }, (_, i) => <div key={i} class={`bone bone-${i % 3}`} />)}
    </div>
  );
}

export function Blank({ icon = 'empty', title, children }: { icon?: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="blank" data-testid="blank">
      <Icon name={icon} size={28} />
      <p class="blank-title">{title}</p>
      {children && <div class="blank-next">{children}</div>}
    </div>
  );
}

export function ProblemNote({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const denied = problem.code === 'denied' || problem.status === 403;
  const missing = problem.code === 'not_found' || problem.status === 404;
  const icon: IconName = denied ? 'lock' : problem.code === 'unreachable' ? 'offline' : missing ? 'search' : 'late';
  return (
    <div class="blank problem" role="alert" data-testid="problem">
      <Icon name={icon} size={28} />
      <p class="blank-title">{denied ? 'Không có quyền xem' : missing ? 'Không tìm thấy' : 'Chưa tải được'}</p>
      <div class="blank-next">
        <p>{problem.text}</p>
        {problem.detail && <details><summary>Chi tiết kỹ thuật</summary><pre>{problem.detail}</pre></details>}
        {retry && !denied && !missing && <button type="button" onClick={retry}>Thử lại</button>}
        {(denied || missing) && <a href="/">Về trang đầu</a>}
      </div>
    </div>
  );
}

/** The three ways that a load can stand; children only see data. */
export function Shown<T>({ of, rows, children }: { of: Loaded<T>; rows?: number; children: (data: T) => ComponentChildren }) {
  if (of.data !== null) {
    return (
      <>
        {of.problem && (
          <p class="stale" role="alert">
            <Icon name="offline" size={16} /> {of.problem.text} Đang xem bản đã tải trước đó.{' '}
            <button type="button" class="text" onClick={of.reload}>Thử lại</button>
          </p>
        )}
        {children(of.data)}
      </>
    );
  }
  if (of.problem) return <ProblemNote problem={of.problem} retry={of.reload} />;
  return <Skeleton rows={rows} />;
}
