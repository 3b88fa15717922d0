// SPDX-License-Identifier: Apache-2.0
// Compressed bytes of the first load and of each page after it; fails above the budget of the design (120 kB and 20 kB).
// Reads what the build wrote: an import of the entry counts for the first load, the rest for the page that needs it.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const kFirstLoad = 120_000;
const kPage = 20_000;
const dist = new URL('../dist/', import.meta.url);
if (!existsSync(dist)) {
  console.error('size: web/dist is missing; run npm run build first');
  process.exit(1);
}
const cache = new Map();
const bytes = (name) => {
  if (!cache.has(name)) cache.set(name, gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length);
  return cache.get(name);
};
const html = readFileSync(new URL('index.html', dist), 'utf8');
const js = readdirSync(new URL('assets/', dist)).filter((f) => f.endsWith('.js'));
const source = (name) => readFileSync(new URL(`assets/${name}`, dist), 'utf8');

function closure(name, into = new Set()) {
  if (into.has(name)) return into;
  into.add(name);
  for (const m of source(name).matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) closure(m[1], into);
  return into;
}

const entry = [...html.matchAll(/\/assets\/([^"]+)"/g)].map((m) => m[1]);
const first = new Set();
for (const file of entry) for (const f of file.endsWith('.js') ? closure(file) : [file]) first.add(f);
const deps = /__vite__mapDeps=.*?\[(.*?)\]/.exec(source(entry.find((f) => f.endsWith('.js'))))?.[1] ?? '';
const listed = [...deps.matchAll(/"([^"]+)"/g)].map((m) => m[1].replace(/^\/?assets\//, ''));
const main = source(entry.find((f) => f.endsWith('.js')));
const pages = new Map();
for (const m of main.matchAll(/import\("\.\/([^"]+\.js)"\)(?:,__vite__mapDeps\(\[([\d,]*)\]\))?/g)) {
  const files = new Set(closure(m[1]));
  for (const i of (m[2] ?? '').split(',').filter(Boolean)) files.add(listed[Number(i)]);
  pages.set(m[1], [...files].filter((f) => !first.has(f)));
}
const sum = (files) => files.reduce((n, f) => n + bytes(`assets/${f}`), 0);
const base = bytes('index.html') + bytes('mark.svg') + sum([...first]);
let bad = false;
const line = (name, size, limit) => {
  bad ||= size > limit;
  console.log(`${name.padEnd(28)} ${String(size).padStart(7)} B gz  of ${limit}${size > limit ? '  TOO LARGE' : ''}`);
};
const sizes = [...pages].map(([name, files]) => [name.replace(/-[^-]{8}\.js$|\.js$/, ''), sum(files)]);
const largest = Math.max(0, ...sizes.map(([, size]) => size));
line('first load + largest page', base + largest, kFirstLoad);
line('first load, frame only', base, kFirstLoad);
for (const [name, size] of sizes) line(`page ${name}`, size, kPage);
process.exit(bad || sizes.length === 0 ? 1 : 0);
