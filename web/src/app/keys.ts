// SPDX-License-Identifier: Apache-2.0
// Keys that work everywhere: "/" to the search box, j and k through rows, Enter opens the row.

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element && (element.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName));
}

function rows(): HTMLElement[] {
  const dialog = document.querySelector('dialog[open]');
  return [...(dialog ?? document).querySelectorAll<HTMLElement>('[data-row]')].filter((r) => r.offsetParent !== null);
}

function step(by: number): void {
  const all = rows();
  if (all.length === 0) return;
  const at = all.findIndex((r) => r === document.activeElement || r.contains(document.activeElement));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function openRow(row: HTMLElement): void {
  row.querySelector<HTMLElement>('[data-primary]')?.click();
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === '/') {
      const box = document.querySelector<HTMLInputElement>('main [data-search]') ??
                  document.querySelector<HTMLInputElement>('[data-search]');
      if (!box || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else if (event.key === 'Enter' && (event.target as HTMLElement).hasAttribute?.('data-row')) {
      openRow(event.target as HTMLElement);
    }
  });
}
