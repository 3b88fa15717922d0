// SPDX-License-Identifier: Apache-2.0
// Addresses of the portal. The address bar holds everything that a colleague needs to see the same screen.
import { computed, signal } from '@preact/signals';

const here = signal(read());

function read(): URL {
  return new URL(window.location.href);
}

export const path = computed(() => here.value.pathname);
export const query = computed(() => new URLSearchParams(here.value.search));

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const url = new URL(to, window.location.origin);
  if (url.href === here.value.href) return;
  if (options.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  here.value = url;
}

/** Change some query parameters of this page; empty values disappear. */
export function setQuery(changes: Record<string, string | null | undefined>, options: { replace?: boolean } = {}): void {
  const next = new URLSearchParams(here.value.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  navigate(here.value.pathname + (text ? `?${text}` : ''), options);
}

function isOwnLink(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const anchor = (event.target as Element | null)?.closest?.('a') ?? null;
  if (!anchor || anchor.target || anchor.hasAttribute('download') || anchor.origin !== window.location.origin) return null;
  if (anchor.pathname.startsWith('/api/') || anchor.getAttribute('href')?.startsWith('#')) return null;
  return anchor;
}

export function startRouter(): void {
  window.addEventListener('popstate', () => (here.value = read()));
  document.addEventListener('click', (event) => {
    const anchor = isOwnLink(event);
    if (!anchor) return;
    event.preventDefault();
    navigate(anchor.href);
  });
}
