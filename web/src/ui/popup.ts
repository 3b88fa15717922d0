// SPDX-License-Identifier: Apache-2.0
// A box that opens at its button and closes at Escape (the button has the focus again) or a press elsewhere.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export function usePopup(): { box: RefObject<HTMLDivElement>; open: boolean; setOpen: (open: boolean) => void } {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: Event): void => {
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        box.current?.querySelector('button')?.focus();
      } else if (box.current?.contains(event.target as Node)) return;
      setOpen(false);
    };
    document.addEventListener('mousedown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('mousedown', close);
      document.removeEventListener('keydown', close);
    };
  }, [open]);
  return { box, open, setOpen };
}
