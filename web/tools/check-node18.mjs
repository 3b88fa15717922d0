// SPDX-License-Identifier: Apache-2.0
// Fails when a locked package does not accept the Node or the npm of Debian 12, or when the lock names addresses of a registry.
import { readFileSync } from 'node:fs';

const kHave = { node: [18, 20, 4], npm: [9, 2, 0] };
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

function compare(a, b) {
  for (let i = 0; i < 3; ++i) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

function bounds(text) {
  const given = text.split('.').filter((part) => part !== '' && !/^[xX*]$/.test(part)).map(Number);
  if (given.some(Number.isNaN)) throw new Error(`cannot read the version "${text}"`);
  const low = [0, 1, 2].map((i) => given[i] ?? 0);
  const high = [...low];
  const last = Math.max(0, given.length - 1);
  high[last] += 1;
  for (let i = last + 1; i < 3; ++i) high[i] = 0;
  return { low, high, exact: given.length === 3 };
}

function fits(have, comparator) {
  const m = /^(>=|<=|>|<|=|\^|~)?v?([\dxX*.]+)$/.exec(comparator);
  if (!m) throw new Error(`cannot read the range "${comparator}"`);
  const { low, high, exact } = bounds(m[2]);
  const atLeast = compare(have, low) >= 0;
  switch (m[1]) {
    case '>=': return atLeast;
    case '>': return exact ? compare(have, low) > 0 : compare(have, high) >= 0;
    case '<': return compare(have, low) < 0;
    case '<=': return exact ? compare(have, low) <= 0 : compare(have, high) < 0;
    case '^': return atLeast && have[0] === low[0];
    case '~': return atLeast && have[0] === low[0] && (have[1] === low[1] || !m[2].includes('.'));
    default: return m[2] === '*' || (atLeast && (exact ? compare(have, low) === 0 : compare(have, high) < 0));
  }
}

function allows(have, range) {
  const tidy = range.replace(/(>=|<=|>|<|=|\^|~)\s+/g, '$1').replace(/(\S+)\s+-\s+(\S+)/g, '>=$1 <=$2');
  return tidy.split('||').some((part) => part.trim().split(/\s+/).filter(Boolean).every((comparator) => fits(have, comparator)));
}

const problems = [];
let checked = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.resolved && !entry.link) problems.push(`${path}: names a registry address (${entry.resolved})`);
  for (const [engine, have] of Object.entries(kHave)) {
    const range = entry.engines?.[engine];
    if (!range) continue;
    checked += 1;
    if (!allows(have, range)) problems.push(`${path} ${entry.version ?? ''}: needs ${engine} ${range}`);
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`check-node18: ${checked} ranges accept Node ${kHave.node.join('.')} and npm ${kHave.npm.join('.')}`);
