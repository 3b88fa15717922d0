// SPDX-License-Identifier: Apache-2.0
// Notices to the person: how many are unread, the newest, each with a link to what it is about.
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api/client';
import type { Notices } from '../api/types';
import { plainTimes } from '../text/facts';
import { announce } from '../ui/announce';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { useChange } from '../ui/load';
import { Button, When } from '../ui/parts';
import { usePopup } from '../ui/popup';
import { recordLink } from '../ui/record-link';
import { navigate } from './router';
import { may } from './session';
import { changes } from './stream';

const kShown = 20;

const linkOf = (n: Notices['items'][number]): string => recordLink(n.about) ?? (may('read:obligation') ? `/viec-cua-toi?viec=${encodeURIComponent(n.task)}` : '/');

export function Bell() {
  const [data, setData] = useState<Notices | null>(null);
  const { box, open, setOpen } = usePopup();
  const load = (): void => {
    get('/notices', { query: { limit: kShown } }).then((next) => {
      setData((before) => {
        if (before && next.unread > before.unread && next.items[0]) announce(`Lời nhắc mới: ${plainTimes(next.items[0].text)}`);
        return next;
      });
    }, () => undefined);  // the bell stays as it was; pages report the trouble
  };
  useEffect(load, []);
  useChange(changes.notice.value, load, 2000);
  const read = (body: { ids: string[] } | { all: true }): void => {
    post('/notices/read', { body }).then(load, () => undefined);
  };
  const unread = data?.unread ?? 0;
  const count = unread > 99 ? '99+' : String(unread);
  return (
    <div class="person bell" ref={box}>
      <button type="button" class="bare" aria-expanded={open} aria-haspopup="true" onClick={() => setOpen(!open)} data-testid="bell"
              aria-label={unread > 0 ? `Lời nhắc, ${unread} chưa đọc` : 'Lời nhắc'}>
        <Icon name="alert" />{unread > 0 && <b class="num" aria-hidden="true">{count}</b>}
      </button>
      {open && (
        <div class="menu" data-testid="notices">
          <p class="bell-head"><b>Lời nhắc</b>{unread > 0 && <Button kind="text" onClick={() => read({ all: true })} data-testid="read-all">Đánh dấu đã đọc hết</Button>}</p>
          {!data || data.items.length === 0 ? <p class="muted">Chưa có lời nhắc nào.</p> : (
            <ul>{data.items.map((n) => (
              <li key={n.id} class={n.read_at ? 'muted' : ''}>
                <a href={linkOf(n)} data-testid="notice" onClick={(e) => {
                  e.preventDefault();
                  if (!n.read_at) read({ ids: [n.id] });
                  setOpen(false);
                  navigate(linkOf(n));
                }}>{!n.read_at && <span class="sr-only">Chưa đọc: </span>}{inert(plainTimes(n.text))}</a>
                <span class="small muted"><When at={n.at} /></span>
              </li>))}</ul>
          )}
        </div>
      )}
    </div>
  );
}
