// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/coordination.py, which sets the PHENDAU_UI_* variables: a person of the lead department sends a request that the
// pack proposes from the page of the case; the police find it in their inbox and answer; a shift is handed over. Pictures go to PHENDAU_WALK_SHOTS.
import assert from 'node:assert/strict';
import { atBothWidths, launch, signIn } from './portal.mjs';

const env = process.env;
const browser = await launch();
const wrongs = [];
let page = null;
const at = (id) => page.getByTestId(id);

const sealedRequest = () => page.locator(`[data-testid="request"][data-id="${env.PHENDAU_UI_SEALED}"]`);

async function enter(user, path) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, locale: 'vi-VN' });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => wrongs.push(String(error)));
  await page.goto(`${env.PHENDAU_UI_URL}${path}`);
  await signIn(page, user, env.PHENDAU_UI_PASSWORD);
}

const shots = (name) => atBothWidths(page, name);

// The lead department: what the pack asks for, with the request filled in.
await enter('so.truc', `/su-co/${env.PHENDAU_UI_CASE}`);
await at('proposals').waitFor();
// What the police asked of it under seal stands there for it to read, not to open.
await sealedRequest().waitFor();
assert.equal(await sealedRequest().getByTestId('lift-seal').count(), 0);
await shots('case');
await at('propose-violators').click();
await at('ask').waitFor();
assert.match(await at('ask').locator('textarea').first().inputValue(), /cơ quan có thẩm quyền/);
await at('ask').getByLabel(/Hình thức/).selectOption('phone');
await shots('ask');
await at('ask-form').locator('button[type=submit]').click();
await page.locator('[data-testid="proposal"][data-id="violators"][data-sent="true"]').waitFor();
await at('sealed-open').click();
await at('sealed').locator('input[type=checkbox]').first().check();
await at('sealed-text').fill('Ghi chú kín từ trình duyệt');
await shots('sealed');
await at('sealed-send').click();
await page.getByText('Ghi chú kín từ trình duyệt').waitFor();
// Lent on the page of the case and taken back; the seal lifted by who set it.
await at('lend-open').click();
await at('lend').getByLabel(/Cho mượn/).selectOption('software');
await at('lend').getByLabel(/Tên người/).fill('Bộ công cụ phân tích');
await shots('lend');
await at('lend-form').locator('button[type=submit]').click();
const loan = page.locator('[data-testid="loan"][data-state="lent"]', { hasText: 'Bộ công cụ phân tích' });
await loan.getByTestId('loan-return').click();
await shots('return');
await at('return-form').locator('button[type=submit]').click();
await page.locator('[data-testid="loan"][data-state="returned"]', { hasText: 'Bộ công cụ phân tích' }).waitFor();
const note = at('timeline').locator('li', { hasText: 'Ghi chú kín từ trình duyệt' });
await note.getByTestId('lift-seal').click();
await at('lift-reason').fill('Đã xác minh xong');
await shots('lift');
await at('lift-send').click();
await note.getByTestId('lift-seal').waitFor({ state: 'detached' });
await shots('lifted');

// The police: the inbox, an answer; their own shift.
await enter('cong.an', '/phoi-hop');
await at('requests').waitFor();
await shots('inbox');
const request = page.locator(`[data-testid="request"][data-id="${env.PHENDAU_UI_REQUEST}"]`);
await request.getByTestId('answer-request').click();
await at('answer').getByLabel(/Trả lời$|^Trả lời/).last().fill('Công an tỉnh cử 02 cán bộ');
await shots('answer');
await at('answer-form').locator('button[type=submit]').click();
await request.waitFor({ state: 'detached' });
await at('tab-da-gui').click();
await shots('asked');
await sealedRequest().getByTestId('lift-seal').click();
await at('lift-reason').fill('Đã công bố kết quả');
await shots('open-request');
await at('lift-send').click();
await sealedRequest().getByTestId('lift-seal').waitFor({ state: 'detached' });
await page.goto(`${env.PHENDAU_UI_URL}/truc`);
await at('shifts').waitFor();
await at('hand-over').first().click();
await at('hand-over-drawer').getByLabel(/Bàn giao cho/).fill('Ca đêm');
await at('hand-over-drawer').locator('textarea').fill('Còn một đề nghị chờ trả lời');
await shots('hand-over');
await at('hand-over-form').locator('button[type=submit]').click();
await page.getByText('Còn một đề nghị chờ trả lời').waitFor();
await shots('duty');

// An invited unit: the case as far as it may see it.
await enter('benh.vien', `/su-co/${env.PHENDAU_UI_CASE}`);
await at('case-coordination').waitFor();
await page.getByText('Ghi chú kín từ trình duyệt').waitFor();
assert.equal(await at('case-papers').count(), 0);
await shots('unit');
assert.deepEqual(wrongs, []);
await browser.close();
