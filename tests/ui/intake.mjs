// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/intake.py: a stranger reports on a telephone at 64 kbit/s with scripts switched off, then an
// operator finds the report in the inbox and opens a case. Fails on any request to another host, console error or page error.
// Pictures go to PHENDAU_UI_SHOTS, if set.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { launch, signIn } from './portal.mjs';

const env = process.env;
const kUrl = env.PHENDAU_UI_URL;
const kPageBytesMax = 20_000;  // 2.5 s at 64 kbit/s
const browser = await launch();
const wrongs = [];

async function enter(options) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== kUrl) wrongs.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => wrongs.push(`page error: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) wrongs.push(`console: ${message.text()}`);
  });
  return page;
}

async function shot(page, name) {
  if (!env.PHENDAU_UI_SHOTS) return;
  mkdirSync(env.PHENDAU_UI_SHOTS, { recursive: true });
  await page.screenshot({ path: join(env.PHENDAU_UI_SHOTS, `intake-${name}.png`), fullPage: true });
}

async function check(page, where) {
  for (const line of await audit(page, { width: true })) wrongs.push(`${where}: ${line}`);
}

// ---- a stranger, a telephone, no scripts, a thin line ---------------------------------------------------------------
const kTitle = 'Trang chủ bị thay đổi';
{
  const size = { viewport: { width: 360, height: 780 } };
  const audited = await enter({ ...size, bypassCSP: true });  // the audit itself is a script
  await audited.goto(`${kUrl}/bao-su-co-nhanh`);
  await check(audited, 'form');
  await shot(audited, 'form-360');
  await audited.context().close();

  const page = await enter({ ...size, javaScriptEnabled: false });
  const line = await page.context().newCDPSession(page);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 8000, uploadThroughput: 8000 });
  let bytes = 0;
  line.on('Network.loadingFinished', (done) => { bytes += done.encodedDataLength; });
  await page.goto(`${kUrl}/bao-su-co-nhanh?co-quan=xa-a`);
  assert.ok(bytes > 0 && bytes < kPageBytesMax, `the form takes ${bytes} bytes`);
  assert.equal(await page.locator('#agency_id').inputValue(), 'xa-a');
  assert.match(await page.locator('#found_at').inputValue(), /^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  await page.getByLabel('Chuyện gì xảy ra?').fill(kTitle);
  await page.getByLabel('Mới là nguy cơ').check();
  await page.getByLabel('Mô tả thêm').fill('A\nTUYỆT MẬT\nB');
  await page.getByRole('button', { name: 'Gửi tin báo' }).click();
  await page.locator('#problem').waitFor();
  assert.equal(await page.locator('#title').inputValue(), kTitle, 'what was typed stays');
  await page.getByLabel('Mô tả thêm').fill('Có hình lạ ở trang chủ');
  await page.getByRole('button', { name: 'Gửi tin báo' }).click();
  await page.locator('#number').waitFor();
  assert.match(await page.locator('#number').innerText(), /[A-Z2-7]{4}-[A-Z2-7]{4}/);
  await shot(page, 'receipt-360');
  await page.context().close();
  console.log('  a stranger reported it, without scripts');
}

// ---- an operator and the inbox ---------------------------------------------------------------------------------------
const page = await enter({ viewport: { width: 1280, height: 800 } });
const at = (id) => page.getByTestId(id);
await page.goto(kUrl);
await at('public-report').waitFor();
await signIn(page, 'admin', env.PHENDAU_UI_PASSWORD);
await at('shell').waitFor();
await page.goto(`${kUrl}/tin-bao?trang-thai=new`);
await at('report-row').first().waitFor();
await check(page, 'inbox');
await shot(page, 'inbox');
await at('new-report').click();
await at('report-drawer').getByTestId('agency-select').selectOption('xa-b');
await at('report-title').fill('Nghe lạ qua điện thoại');
await check(page, 'typing');
await shot(page, 'typing');
await at('report-save').click();
await at('answer-text').fill('Không liên quan');
await at('decide-answer').click();
await page.locator('[data-testid=report-state][data-state=answered]').waitFor();
await page.goto(`${kUrl}/tin-bao?trang-thai=new`);
await page.getByRole('link', { name: kTitle }).click();
await at('open-case-form').waitFor();
await check(page, 'report');
await shot(page, 'report');
await page.setViewportSize({ width: 360, height: 780 });
await check(page, 'report at 360');
await shot(page, 'report-360');
await page.setViewportSize({ width: 1280, height: 800 });
await at('decide-open').click();
await at('step-card').waitFor();
await page.getByTestId('case-links').getByRole('link', { name: kTitle }).waitFor();
await shot(page, 'case');
await page.goto(`${kUrl}/su-co/${env.PHENDAU_UI_CASE}`);
await at('classification').waitFor();
await at('classify').click();
await at('classify-form').waitFor();
await page.locator('[data-testid=said][data-proposed=serious]').waitFor();
await at('answer-beyond_control').selectOption('no');
await page.locator('[data-testid=said][data-proposed=ordinary]').waitFor();
await check(page, 'classification');
await shot(page, 'classify');
await at('classify-send').click();
await page.locator('[data-testid=classification][data-outcome=ordinary]').waitFor();
await shot(page, 'classified');
await page.goto(`${kUrl}/su-co/${env.PHENDAU_UI_DRILL}`);
await at('drill-banner').waitFor();
await check(page, 'exercise');
await shot(page, 'drill');
await page.goto(`${kUrl}/su-co/${env.PHENDAU_UI_CASE}`);
await at('open-part').click();
await at('incident-title').fill('Rà các máy trạm');
await at('incident-drawer').getByRole('combobox').first().selectOption({ index: 1 });
await check(page, 'form of a sub-case');
await shot(page, 'part-form');
await at('incident-create').click();
await at('case-links').getByText('Hồ sơ chính').waitFor();
await shot(page, 'part');
await page.goto(`${kUrl}/su-co?kieu=bang`);
await at('case-board').waitFor();
await check(page, 'board');
await shot(page, 'board');
await at('case-board').locator('a[data-card]').first().focus();
await page.keyboard.press('ArrowRight');
assert.equal(await page.evaluate(() => document.activeElement?.closest('section')?.getAttribute('aria-labelledby')), 'column-1', 'the arrow keys go to the next column');
await page.setViewportSize({ width: 360, height: 780 });
await check(page, 'board at 360');
await shot(page, 'board-360');
await page.setViewportSize({ width: 1280, height: 800 });
await page.goto(`${kUrl}/su-co?dien-tap=1`);
await at('drill-banner').waitFor();
await check(page, 'list of exercises');
await browser.close();
assert.deepEqual(wrongs, [], wrongs.join('\n'));
console.log('  the inbox, a case of a report, an exercise');
