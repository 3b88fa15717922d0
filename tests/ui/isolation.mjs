// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/isolation.py, which sets the PHENDAU_UI_* variables: an officer cuts a machine off by the form of its
// page (stage "isolate"), and puts it back when it is cut off (stage "release"). Pictures go to PHENDAU_WALK_SHOTS.
import assert from 'node:assert/strict';
import { atBothWidths, launch, signIn } from './portal.mjs';

const env = process.env;
const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, locale: 'vi-VN' });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const at = (id) => page.getByTestId(id);
const wrongs = [];
page.on('pageerror', (error) => wrongs.push(String(error)));

const shots = (name) => atBothWidths(page, name);

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
  // From the order to its paper, which knows what was ordered.
  await page.locator('[data-testid="order-row"][data-state="done"]').first().getByTestId('record-paper').click();
  await at('paper-kind-isolation_order').click();
  await at('paper-form').waitFor();
  assert.match(await page.locator('[data-field=reason] textarea').inputValue(), /tống tiền/);
  await shots('isolation-paper');
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
await signIn(page, env.PHENDAU_UI_USER, env.PHENDAU_UI_PASSWORD);
await at('device-orders').waitFor();
await (process.argv[2] === 'isolate' ? isolate() : release());
assert.deepEqual(wrongs, []);
await browser.close();
