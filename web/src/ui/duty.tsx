// SPDX-License-Identifier: Apache-2.0
// One duty as a person meets it: what, for whom, by when, and the button that leads to doing it. On the pages of tasks, of
// the calendar and of the first steps.
import { navigate } from '../app/router';
import { may } from '../app/session';
import type { Task, TaskAction } from '../api/types';
import { remainingText, timeText } from '../text/format';
import { sentence } from '../text/facts';
import { dayText, leftText, periodText } from '../text/periods';
import { Icon } from './icon';
import { inert } from './inert';
import { Button } from './parts';
import { StatusMark } from './status';
import '../styles/tasks.css';

export interface Act {
  label: string;
  href: string;  // empty: the drawer of the clause, where it is attested
}

export function prefillLink(register: string, prefill: object): string {
  const text = Object.keys(prefill).length > 0 ? `&prefill=${encodeURIComponent(JSON.stringify(prefill))}` : '';
  return `/so-dang-ky/${register}?new=1${text}&tu=viec`;  // from a task, and back to the tasks
}

function actOf(a: TaskAction, task: Task): Act | null {
  switch (a.kind) {
    case 'record': return may('create:record') ? { label: `Ghi vào sổ ${a.title ?? ''}`, href: prefillLink(a.register ?? '', a.prefill ?? {}) } : { label: `Xem sổ ${a.title ?? ''}`, href: `/so-dang-ky/${a.register}` };
    case 'records': return { label: `Rà soát sổ ${a.title ?? ''}`, href: `/so-dang-ky/${a.register}` };
    case 'open_record': return { label: 'Mở bản ghi', href: `/so-dang-ky/${a.register}/${encodeURIComponent(a.id ?? '')}` };
    case 'open_case': return may('read:incident') ? { label: 'Mở hồ sơ sự cố', href: `/su-co/${encodeURIComponent(a.id ?? '')}` } : null;
    case 'case': return may('read:incident') ? { label: 'Xem hồ sơ sự cố', href: '/su-co' } : null;
    case 'attest': return may('attest:attestation') ? { label: 'Xác nhận đã thực hiện', href: '' } : null;
    case 'device': {
      if (!may('read:device')) return null;
      const one = task.subjects_total === 1 && task.subject_kind === 'device' ? task.subjects[0] : undefined;
      return one ? { label: `Xem máy ${one.name}`, href: `/thiet-bi/${encodeURIComponent(one.id)}` } : { label: 'Xem các máy', href: `/thiet-bi?agency=${encodeURIComponent(task.agency_id)}` };
    }
    case 'sources': return may('read:event') ? { label: 'Xem nhật ký đang nhận', href: '/nhat-ky' } : null;
    case 'setting': return may('read:setting') ? { label: 'Xem thiết lập máy chủ', href: '/quan-tri' } : null;
    default: return null;
  }
}

export function actsOf(task: Task): Act[] {
  return task.actions.map((a) => actOf(a, task)).filter((a): a is Act => a !== null);
}

export function DueText({ task, today }: { task: Task; today: string }) {
  if (!task.last_good_day) return null;
  const left = task.by_hour ? remainingText(task.due_at!) : leftText(today, task.last_good_day);
  return <span class="due"><Icon name={task.group === 'late' ? 'late' : 'clock'} size={16} /> <span>hạn cuối <b class="num">{task.by_hour ? timeText(task.due_at!) : dayText(task.last_good_day)}</b>, {left}</span></span>;
}

const kSubjectWords: Record<string, string> = { device: 'máy', system: 'hệ thống', account: 'tài khoản', person: 'người', role: 'vai trò', hub: '', agency: '' };

/** "5 máy: a, b, c…" where a duty is about things. */
function subjectsText(task: Task): string {
  const word = kSubjectWords[task.subject_kind] ?? '';
  if (!word) return '';
  const names = task.subjects.map((s) => s.name).join(', ');
  const rest = task.subjects_total - task.subjects.length;
  return `${task.subjects_total} ${word}: ${names}${rest > 0 ? ` và ${rest} ${word} nữa` : ''}`;
}

export function TaskRow({ task, today, marked, showAgency, onWhy, onAttest }: {
  task: Task; today: string; marked: boolean; showAgency: boolean; onWhy: () => void; onAttest: () => void;
}) {
  const [first, ...rest] = actsOf(task);
  const period = periodText(task.period);
  const until = task.actions.find((a) => a.until)?.until;
  const subjects = subjectsText(task);
  return (
    <li class={`task${marked ? ' marked' : ''}`} id={`viec-${task.id}`} data-row tabIndex={-1} data-testid="task" data-id={task.id} data-group={task.group}>
      <div class="task-what">
        <p class="task-title"><b>{inert(task.name || task.title)}</b></p>
        <p class="muted">{task.name && task.name !== task.title && `${task.title}, `}{task.citation}{period && `, ${period}`}{showAgency && `, ${task.agency_name}`}</p>
        {task.duty && task.duty !== task.title && task.duty.replace(/\.$/, '') !== task.name && <p class="prose">{inert(task.duty)}</p>}
        {subjects && <p>{inert(subjects)}</p>}
        {(task.status === 'unknown' || task.status === 'violated') && <p class="muted">{inert(sentence((task.status === 'unknown' && task.missing) || task.reason))}</p>}
        {until && <p class="muted">Bản ghi được tính khi ở trạng thái: {until}.</p>}
        <DueText task={task} today={today} />
      </div>
      <div class="task-do">
        <button type="button" class={`cell s-${task.status}`} onClick={onWhy} aria-haspopup="dialog" data-primary={!first || undefined} data-testid="task-why"
                aria-label={`${task.title}: vì sao?`}><StatusMark status={task.status} /></button>
        {first && (first.href ? <a class="button main" data-primary href={first.href} data-testid="task-act">{first.label}</a>
          : <Button kind="main" data-primary onClick={onAttest} data-testid="task-act">{first.label}</Button>)}
        {rest.map((a) => (a.href ? <a key={a.label} href={a.href}>{a.label}</a> : <Button key={a.label} kind="text" onClick={onAttest}>{a.label}</Button>))}
      </div>
    </li>
  );
}

export function openTask(id: string): void {
  navigate(`/viec-cua-toi?viec=${encodeURIComponent(id)}`);
}
