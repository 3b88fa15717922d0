// SPDX-License-Identifier: Apache-2.0
// The frame around every page: navigation, search, connection state, banners.
import { computed, effect, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { reachable } from '../api/client';
import { timeText } from '../text/format';
import { Bell } from './bell';
import { roleWords } from '../text/words';
import { draftCount } from '../ui/draft';
import { Icon, Mark } from '../ui/icon';
import { Button, DemoBanner } from '../ui/parts';
import { usePopup } from '../ui/popup';
import { Blank } from '../ui/states';
import { accountPage as Account, homeOf, groups, sections, startPage as Start, type Section } from './pages';
import { navigate, path } from './router';
import { may, session, signOut } from './session';
import { live } from './stream';
import { applyTheme, theme, type Theme } from './theme';

// Only what happened counts: the browser's own "offline" is wrong on a machine that reaches the hub by loopback alone.
const shownLive = computed(() => (live.value === 'on' && !reachable.value ? 'lost' : live.value));
const connected = computed(() => shownLive.value !== 'lost' && reachable.value);

const narrow = signal(readNarrow());
function readNarrow(): boolean {
  try {
    return localStorage.getItem('phendau.narrow') === '1';
  } catch {
    return false;
  }
}
effect(() => {
  try {
    localStorage.setItem('phendau.narrow', narrow.value ? '1' : '0');
  } catch {
    // Not remembered.
  }
});

function find(at: string): { section: Section; id: string } | null {
  const [, first = '', id = '', ...rest] = at.split('/');
  const section = sections.find((s) => s.path === `/${first}`);
  if (!section || rest.length > (section.deep ? 1 : 0) || (id && !section.detail)) return null;
  return { section, id: [id, ...rest].map(decodeURIComponent).join('/') };
}

function Navigation({ at, onGo }: { at: string; onGo: () => void }) {
  return (
    <nav aria-label="Chính" class="nav">
      <div>
        {groups.map(([group, title]) => {
          const shown = sections.filter((s) => s.group === group && s.visible());
          return shown.length > 0 && (
            <section key={group} aria-labelledby={`nav-${group}`}>
              <h2 id={`nav-${group}`}>{title}</h2>
              <ul>
                {shown.map((s) => (
                  <li key={s.path}>
                    <a href={s.path} aria-current={at.startsWith(s.path) ? 'page' : undefined} onClick={onGo} title={s.title}
                       data-testid={`nav${s.path.replaceAll('/', '-')}`}>
                      <Icon name={s.icon} size={20} /><span>{s.title}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <button type="button" class="nav-fold" aria-expanded={!narrow.value} onClick={() => (narrow.value = !narrow.value)}
              title={narrow.value ? 'Mở rộng thanh điều hướng' : 'Thu gọn thanh điều hướng'}>
        <Icon name="collapse" size={20} /><span>Thu gọn</span>
      </button>
    </nav>
  );
}

function QuickSearch() {
  const [text, setText] = useState('');
  const go = (event: Event): void => {
    event.preventDefault();
    navigate(`/nhat-ky?q=${encodeURIComponent(text.trim())}`);
    setText('');
  };
  return (
    <form class="quick" role="search" onSubmit={go}>
      <Icon name="search" size={16} />
      <input data-search data-testid="quick-search" type="search" aria-label="Tìm trong nhật ký" placeholder="Tìm trong nhật ký"
             value={text} onInput={(e) => setText(e.currentTarget.value)} />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

const liveWords = { off: 'Chưa kết nối', connecting: 'Đang kết nối', on: 'Trực tiếp', lost: 'Mất kết nối' } as const;

function PersonMenu() {
  const { box, open, setOpen } = usePopup();
  const user = session.value!.user;
  return (
    <div class="person" ref={box}>
      <button type="button" class="bare" aria-expanded={open} aria-haspopup="true" onClick={() => setOpen(!open)}
              data-testid="person-menu">
        <Icon name="user" /><span class="person-name" title={user.name}>{user.name}</span><Icon name="down" size={14} />
      </button>
      {open && (
        <div class="menu">
          <p><b>{user.name}</b><br /><span class="muted">{roleWords[user.role]}</span></p>
          <fieldset>
            <legend>Màu nền</legend>
            {([['auto', 'Theo máy'], ['light', 'Sáng'], ['dark', 'Tối']] as [Theme, string][]).map(([value, word]) => (
              <label key={value}>
                <input type="radio" name="theme" checked={theme.value === value} onChange={() => applyTheme(value)} /> {word}
              </label>
            ))}
          </fieldset>
          <a href="/tai-khoan" onClick={() => setOpen(false)}><Icon name="lock" size={16} />Tài khoản, mật khẩu, lịch</a>
          <button type="button" class="text" onClick={() => void signOut()} data-testid="sign-out">
            <Icon name="exit" size={16} />Đăng xuất
          </button>
        </div>
      )}
    </div>
  );
}

function Banners() {
  return (
    <>
      <DemoBanner />
      {!connected.value && (
        <p class="banner offline" role="status" data-testid="offline-banner">
          <Icon name="offline" size={16} />
          <span><b>Mất kết nối với máy chủ.</b> Vẫn xem được những gì đã tải; đang tự nối lại.
            {draftCount.value > 0 && ` ${draftCount.value} bản nháp chờ gửi vẫn được giữ trên máy này.`}</span>
        </p>
      )}
    </>
  );
}

/** Who printed, when, and from where: only on paper. The time is set when the printing starts. */
function PrintHead() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const stamp = (): void => setNow(Date.now());
    window.addEventListener('beforeprint', stamp);
    return () => window.removeEventListener('beforeprint', stamp);
  }, []);
  return <p class="print-head">In từ Phên Dậu lúc <span class="num">{timeText(now)}</span> (+07), người in: {session.value!.user.name}</p>;
}

function Page({ at }: { at: string }) {
  const first = homeOf();
  useEffect(() => {
    if (at === '/' && first) navigate(first.path, { replace: true });
  }, [at]);
  if (at === '/') return first ? null : <Blank icon="lock" title="Tài khoản này chưa được giao việc nào trên hệ thống">
    <p>Liên hệ quản trị viên để được giao vai trò.</p></Blank>;
  if (at === '/tai-khoan') return <Account id="" />;
  if (at === '/bat-dau' && may('create:record')) return <Start id="" />;
  const found = find(at);
  if (!found) {
    return <Blank icon="search" title="Không có trang này"><p>Địa chỉ có thể đã gõ nhầm hoặc quá cũ.</p><a href="/">Về trang đầu</a></Blank>;
  }
  if (!found.section.visible()) {
    return <Blank icon="lock" title="Không có quyền xem trang này">
      <p>Vai trò {roleWords[session.value!.user.role]} không dùng trang {found.section.title}. Nếu công việc cần, đề nghị quản trị viên giao quyền.</p>
      <a href="/">Về trang đầu</a></Blank>;
  }
  const View = found.id && found.section.detail ? found.section.detail : found.section.page;
  return <View key={at} id={found.id} />;
}

export function Shell({ hidden }: { hidden: boolean }) {
  const at = path.value;
  const [menu, setMenu] = useState(false);
  const main = useRef<HTMLElement>(null);
  const shown = useRef(at);
  useEffect(() => {
    if (shown.current === at) return;
    shown.current = at;
    setMenu(false);
    window.scrollTo(0, 0);
    // Screen readers and keyboards continue at the new page, not in the old link.
    main.current?.focus({ preventScroll: true });
  }, [at]);
  const hasLogs = sections.some((s) => s.path === '/nhat-ky' && s.visible());
  return (
    <div class={`shell${narrow.value ? ' narrow' : ''}${menu ? ' menu-open' : ''}`} hidden={hidden} data-testid="shell">
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>Đến nội dung chính</a>
      <header class="top">
        <Button kind="bare" class="menu-button" icon="menu" aria-label="Mở thanh điều hướng" aria-expanded={menu}
                onClick={() => setMenu(!menu)} />
        <a class="brand" href="/" aria-label="Phên Dậu, về trang đầu"><Mark /><span>Phên Dậu</span></a>
        {hasLogs && at !== '/nhat-ky' ? <QuickSearch /> : <span class="quick-room" />}
        <span class={`live live-${shownLive.value}`} title="Cập nhật trực tiếp từ máy chủ" data-testid="live-state">
          <i aria-hidden="true" /><span>{liveWords[shownLive.value]}</span>
        </span>
        <Bell />
        <PersonMenu />
      </header>
      <Navigation at={at} onGo={() => setMenu(false)} />
      <main id="main" ref={main} tabIndex={-1}>
        <Banners />
        <PrintHead />
        <Page at={at} />
      </main>
    </div>
  );
}
