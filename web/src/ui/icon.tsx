// SPDX-License-Identifier: Apache-2.0
// Own line icons on a 20 x 20 grid; they follow the text colour and are decoration: the word always stands beside them.
const kPaths = {
  overview: 'M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z',
  alert: 'M10 3a5 5 0 0 0-5 5v3.500L3.500 14h13L15 11.500V8a5 5 0 0 0-5-5zM8 16.500a2 2 0 0 0 4 0',
  log: 'M3 5h2M8 5h9M3 10h2M8 10h9M3 15h2M8 15h6',
  incident: 'M10 2.500 17 5v5c0 4-3 6.500-7 7.500-4-1-7-3.500-7-7.500V5zM10 6.500v4M10 13v.5',
  obligation: 'M5 3h10v14H5zM7.500 7.500l1 1 2-2M7.500 12.500l1 1 2-2M12.500 8h.5M12.500 13h.5',
  device: 'M3 4h14v9H3zM7 17h6M10 13v4',
  admin: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  search: 'M9 3a6 6 0 1 1 0 12A6 6 0 0 1 9 3zM13.500 13.500 17 17',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.500 8 14.500 16 6',
  clock: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 6v4.200l2.800 1.800',
  question: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM8 8a2 2 0 1 1 2.800 1.800c-.6.300-.8.700-.8 1.400M10 13.800v.3',
  cross: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM7.500 7.500l5 5M12.500 7.500l-5 5',
  late: 'M10 3 17.500 16.500h-15zM10 8v4M10 14.200v.3',
  shield: 'M10 2.500 16.500 5v5c0 4-2.800 6.300-6.500 7.500C6.300 16.300 3.500 14 3.500 10V5zM7 10h6',
  pen: 'M4 16l1-4 8-8 3 3-8 8zM11.500 5.500l3 3',
  done: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM6.800 10.200l2.200 2.300 4.200-4.700',
  dash: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM7 10h6',
  empty: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14z',
  user: 'M10 3a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM3.500 17c.5-3.500 3-5 6.500-5s6 1.500 6.500 5',
  menu: 'M3 5h14M3 10h14M3 15h14',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  download: 'M10 3v9M6.500 8.500 10 12l3.500-3.500M4 16h12',
  upload: 'M10 13V4M6.500 7.500 10 4l3.500 3.500M4 16h12',
  file: 'M5 3h7l3 3v11H5zM12 3v3h3',
  link: 'M8.500 11.500l3-3M7 9 5 11a2.800 2.800 0 0 0 4 4l2-2M13 11l2-2a2.800 2.800 0 0 0-4-4L9 7',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  right: 'M8 5l5 5-5 5',
  down: 'M5 8l5 5 5-5',
  left: 'M12 5l-5 5 5 5',
  collapse: 'M3 4h14v12H3zM8 4v12',
  skip: 'M4 5l6 5-6 5zM12 5v10M15.500 5v10',
  reopen: 'M5 10a5 5 0 1 1 1.500 3.600M5 15v-2.500h2.500',
  note: 'M4 4h12v9l-3 3H4zM7 8h6M7 11h4',
  print: 'M6 7V3h8v4M6 14H4V7h12v7h-2M6 12h8v5H6z',
  offline: 'M3 3l14 14M3 8.500c1-1 2.200-1.700 3.500-2.200M17 8.500c-2-2-4.600-3-7.500-3M6 11.800c.6-.6 1.300-1 2-1.300M10 15.500v.3',
  lock: 'M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9',
  moon: 'M15.500 12A6.500 6.500 0 0 1 8 4.500 6.500 6.500 0 1 0 15.500 12z',
  exit: 'M8 4H4v12h4M12 6.500 15.500 10 12 13.500M15 10H8',
  case: 'M3 6h14v10H3zM7 6V4h6v2M3 10.500h14',
  calendar: 'M4 5h12v12H4zM4 9h12M7 3v4M13 3v4',
  task: 'M3 5.500 4.500 7 7 4.500M9.500 6H17M3 12l1.500 1.500L7 11M9.500 12.500H17',
  agency: 'M3 17h14M5 17V4h10v13M8 7.500h.5M11.500 7.500h.5M8 10.500h.5M11.500 10.500h.5M8.500 17v-3h3v3',
  column: 'M4 4h12v12H4zM10 4v12',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}

/** The woven fence. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M5 3h3v4H5zM5 11h3v10H5zM10.500 3h3v9.500h-3zM10.500 16.500h3V21h-3zM16 3h3v4h-3zM16 11h3v10h-3z" />
      <path d="M2 7.800h7.700v2.400H2zM14.300 7.800H22v2.400h-7.700zM2 13.300h2.200v2.400H2zM8.800 13.300h6.400v2.400H8.800zM19.800 13.300H22v2.400h-2.200z" />
    </svg>
  );
}
