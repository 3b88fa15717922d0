// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/isolation.py, which sets the PHENDAU_UI_* variables: an officer cuts a machine off by the form of its
// page (stage "isolate"), and puts it back when it is cut off (stage "release"). Pictures go to PHENDAU_WALK_SHOTS.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const env = process.env;
const browser = await chromium.launch({ executablePath: env.PHENDAU_CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'] });
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, locale: 'vi-VN' });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const at = (id) => page.getByTestId(id);
const wrongs = [];
page.on('pageerror', (error) => wrongs.push(String(error)));

async function shots(name) {
  if (!env.PHENDAU_WALK_SHOTS) return;
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, `${name} is wider than ${width} px`);
    await page.screenshot({ path: `${env.PHENDAU_WALK_SHOTS}/${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function isolate() {
  await at('isolate').click();
  assert.match(await at('cut-not-off').textContent(), /Cắt mạng, KHÔNG tắt nguồn/);
  await at('order-by').fill('Ông Nguyễn Văn A, Giám đốc Sở');
  await at('order-reason').fill('Mã độc tống tiền trên máy một cửa');
  await at('order-weighed').fill('Cổng 7443 phục vụ một cửa, phải giữ đến hết giờ làm việc');
  for (const [i, one] of JSON.parse(env.PHENDAU_UI_STAYS_UP).entries()) {
    await at('stays-up-add').click();
    const row = at('stays-up-row').nth(i);
    await row.getByLabel('Hướng').selectOption(one.direction);
    await row.getByTestId('stays-up-network').fill(one.network);
    await row.getByTestId('stays-up-port').fill(String(one.port));
  }
  await shots('isolate-form');
  await at('order-send').click();
  await at('order-row').first().waitFor();
  await shots('isolate-waiting');
  await page.locator('[data-testid="order-row"][data-state="done"]').first().waitFor({ timeout: 90_000 });
  await at('device-isolated').waitFor({ timeout: 30_000 });
  await shots('isolated');
}

async function release() {
  await at('device-isolated').waitFor();
  await at('release').click();
  await at('order-by').fill('Ông Nguyễn Văn A, Giám đốc Sở');
  await at('order-reason').fill('Đã cài lại máy từ bản sao lưu');
  await shots('release-form');
  await at('order-send').click();
  await at('isolate').waitFor({ timeout: 90_000 });
  await shots('released');
}

await page.goto(`${env.PHENDAU_UI_URL}/thiet-bi/${env.PHENDAU_UI_DEVICE}`);
await at('username').fill(env.PHENDAU_UI_USER);
await at('password').fill(env.PHENDAU_UI_PASSWORD);
await at('sign-in').click();
await at('device-orders').waitFor();
await (process.argv[2] === 'isolate' ? isolate() : release());
assert.deepEqual(wrongs, []);
await browser.close();
