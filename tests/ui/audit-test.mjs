// SPDX-License-Identifier: Apache-2.0
// Shows that audit.mjs can fail: a page on which everything is wrong, and one on which nothing is.
import assert from 'node:assert/strict';
import { audit, auditTab } from './audit.mjs';
import { launch } from './portal.mjs';
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 360, height: 700 } });
const kHead = '<!doctype html><html lang="vi"><head><title>Thử</title><style>body { color: #111; background: #fff; } input { border: 1px solid #666; min-height: 24px; } button { min-height: 24px; min-width: 24px; }</style></head>';

await page.setContent(`${kHead}<body><nav aria-label="Chính"><a href="/a">Một</a></nav><main><h1>Trang</h1><h2>Phần</h2><label>Tên<input></label>
  <table><thead><tr><th>Tên</th></tr></thead><tbody><tr data-row tabindex="-1"><td><a data-primary href="/b">Mở</a></td></tr></tbody></table></main></body></html>`);
assert.deepEqual(await audit(page, { width: true }), []);
assert.deepEqual(await auditTab(page), []);

const kWrong = [
  ['<button></button>', 'a control without a name'],
  ['<input placeholder="Tên">', 'a control without a name'],
  ['<label>Ngày<input type="date"></label>', 'a date in the order'],
  ['<button tabindex="3">Lưu</button>', 'an own place in the order of Tab'],
  ['<h4>Sâu</h4>', 'a heading of level 4 after level 1'],
  ['<h1>Hai</h1>', 'not one main heading'],
  ['<p id="x">a</p><p id="x">b</p>', '2 elements have the id x'],
  ['<p style="color:#999">mờ</p>', 'contrast 2.85'],
  ['<p style="opacity:.4">mờ</p>', 'contrast'],
  ['<label>Tên<input style="border:1px solid #ddd"></label>', 'the edge of a field'],
  ['<p style="width:500px">rộng</p>', 'wider than the screen'],
  ['<p style="width:40px;overflow:hidden;white-space:nowrap">một câu rất dài</p>', 'text that is cut off'],
  ['<ul><li data-row tabindex="-1"><a href="/c">Mở</a></li></ul>', 'a row that Enter does not open'],
  ['<table><tbody><tr><td><a href="/c">Mở</a></td></tr></tbody></table>', 'a row that j and k do not reach'],
  ['<table><thead><tr><th></th></tr></thead></table>', 'a heading cell without text'],
  ['<button style="min-height:0;height:16px;padding:0;border:0">x</button>', 'too small to touch'],
  ['<nav><a href="/d">Hai</a></nav>', 'a region without a name'],
];
for (const [html, expected] of kWrong) {
  await page.setContent(`${kHead}<body><main><h1>Trang</h1>${html}</main></body></html>`);
  const found = await audit(page, { width: true });
  assert.ok(found.some((line) => line.includes(expected)), `${html}: ${JSON.stringify(found)}`);
}
await page.setContent(`${kHead}<body><main><h1>Trang</h1><button style="outline:none">Lưu</button></main></body></html>`);
assert.equal((await auditTab(page)).length, 1);
await browser.close();
console.log('audit: passed');
