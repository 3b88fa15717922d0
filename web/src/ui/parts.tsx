// SPDX-License-Identifier: Apache-2.0
// Small shared pieces: page head, times, chips, copying, the drawer.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { demo } from '../app/demo';
import { agoText, remainingText, timeText } from '../text/format';
import type { Clock } from '../api/types';
import { tell } from './announce';
import { Icon, type IconName } from './icon';
import { useTick } from './load';

export function PageHead({ title, sub, children }: { title: string; sub?: ComponentChildren; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Phên Dậu`;
  }, [title]);
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {sub && <p class="sub">{sub}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

export function DemoBanner() {
  if (!demo.value) return null;
  return (
    <p class="banner demo" data-testid="demo-banner">
      <b>Dữ liệu minh họa.</b> Các cơ quan, máy và sự kiện ở đây đều được dựng lên để xem thử, không phải số liệu thật.
    </p>
  );
}

/** Absolute time; how long ago in the tooltip. */
export function When({ at, seconds = false, ago = false }: { at: string | null | undefined; seconds?: boolean; ago?: boolean }) {
  const now = useTick();
  if (!at) return <span class="muted">chưa có</span>;
  return (
    <time dateTime={at} class="num" title={ago ? `${timeText(at, true)} +07` : `${agoText(at, now)} (+07)`}>
      {ago ? agoText(at, now) : timeText(at, seconds)}
    </time>
  );
}

export function ClockLine({ clock }: { clock: Clock }) {
  const now = useTick();
  const due = clock.due_at;
  const overdue = clock.overdue || (due !== null && Date.parse(due) < now);
  if (due === null) {  // the law says "at once" or nothing: no number is made up
    return (
      <p class="clock"><Icon name="clock" size={16} />
        <span><b>{clock.label}</b>: văn bản không nêu số giờ, làm ngay{clock.from && <>; phát hiện {agoText(clock.from, now)}</>}</span></p>
    );
  }
  return (
    <p class={`clock${overdue ? ' overdue' : ''}`}>
      <Icon name={overdue ? 'late' : 'clock'} size={16} />
      <span><b>{clock.label}</b>: {remainingText(due, now)}, hạn <time dateTime={due} class="num">{timeText(due)}</time>
        {clock.to && <>, gửi {clock.to}</>}{clock.form && <>, {clock.form}</>}{clock.waiting_for && <>, chờ {clock.waiting_for}</>}</span>
    </p>
  );
}

export function Button({ icon, children, kind = '', ...rest }: {
  icon?: IconName; kind?: '' | 'main' | 'danger' | 'text' | 'bare'; children?: ComponentChildren;
} & Omit<preact.JSX.ButtonHTMLAttributes<HTMLButtonElement>, "icon">) {
  return (
    <button type="button" {...rest} class={[kind, rest.class].filter(Boolean).join(" ")}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

export function Chip({ pressed, onClick, children, testid }: {
  pressed: boolean; onClick: () => void; children: ComponentChildren; testid?: string;
}) {
  return (
    <button type="button" class="chip" aria-pressed={pressed} onClick={onClick} data-testid={testid}>{children}</button>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      tell('Đã sao chép.');
    } catch {
      tell('Trình duyệt không cho sao chép; hãy chọn chữ rồi nhấn Ctrl+C.', true);
    }
  };
  return <Button icon="copy" onClick={() => void copy()}>{label}</Button>;
}

/** A panel from the right edge. The native dialog traps focus, closes on Esc and gives the focus back. */
export function Drawer({ title, testid, onClose, children }: {
  title: string; testid?: string; onClose: () => void; children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      if (dialog?.open) dialog.close();
      if (opener?.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class="drawer" aria-labelledby={id} data-testid={testid}
            onClose={onClose}
            onMouseDown={(e) => e.target === ref.current && ref.current?.close()}>
      <div class="drawer-box">
        <header>
          <h2 id={id} tabIndex={-1}>{title}</h2>
          <Button kind="bare" aria-label="Đóng" title="Đóng (Esc)" icon="close" data-testid="drawer-close"
                  onClick={() => ref.current?.close()} />
        </header>
        <div class="drawer-body">{children}</div>
      </div>
    </dialog>
  );
}

/** The count of new things with a button; what is being read stays where it is. */
export function NewerBar({ count, what, onShow }: { count: number; what: string; onShow: () => void }) {
  if (count === 0) return null;
  return <button type="button" class="newer" onClick={onShow} data-testid="show-newer">Có {what} mới. Xem ngay</button>;
}
