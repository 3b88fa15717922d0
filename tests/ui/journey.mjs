// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/journey.py, which sets the PHENDAU_UI_* variables. Stage "report": an agency's officer goes from an alert to a
// complete initial report by the real forms; what the person typed or chose is counted (25 at most) and the clock is shown. Stage "police" answers
// a request from the inbox. Stage "look": each role's own pages of a case, wide and as a telephone. Pictures go to PHENDAU_WALK_SHOTS.
import assert from 'node:assert/strict';
import { atBothWidths, launch, signIn } from './portal.mjs';

const env = process.env;
const stage = process.argv[2];
const kFieldsMost = 25;
const browser = await launch();
const wrongs = [];
const touched = new Set();  // fields that the person put something into, of all pages
let page = null;
const at = (id) => page.getByTestId(id);

async function enter(user, path) {
  if (page) await page.context().close();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, locale: 'vi-VN' });
  await context.exposeFunction('countTouch', (name) => { touched.add(name); });
  await context.addInitScript(() => {
    const name = (e) => `${location.pathname} ${e.closest('[data-field]')?.dataset.field ?? ''} ${e.dataset.testid ?? e.getAttribute('name') ?? e.id}`;
    const touch = (event) => { if (event.target.matches?.('input, select, textarea')) window.countTouch(name(event.target)); };
    document.addEventListener('input', touch, true);
    document.addEventListener('change', touch, true);
    document.addEventListener('click', (event) => {  // "now" fills a field, too
      const button = event.target.closest?.('[data-testid^=now-]');
      if (button) window.countTouch(`${location.pathname}  ${button.dataset.testid.replace('now-', 'field-')}`);
    }, true);
  });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => wrongs.push(String(error)));
  await page.goto(`${env.PHENDAU_UI_URL}${path}`);
  await signIn(page, user, env.PHENDAU_UI_PASSWORD);
  await at('shell').waitFor();
  await page.locator('main h1').first().waitFor();
}

/** Nothing is being loaded any more. */
async function settled() {
  await page.locator('main h1').first().waitFor();
  for (let turn = 0; turn < 200 && await page.locator('[aria-busy=true]').count() > 0; ++turn) await page.waitForTimeout(100);
}

async function shots(name) {
  await settled();
  await atBothWidths(page, name);
}

const field = (name, value) => at(`field-${name}`).fill(value);
const choose = (name, value) => at(`field-${name}`).selectOption(value);
const now = (name) => at(`now-${name}`).click();
const stepTo = async (id) => {
  await page.locator(`[data-testid=stepper] [data-step=${id}]`).click();
  await page.locator(`[data-testid=step-card][data-step=${id}]`).waitFor();
};
const isDone = (id) => page.locator(`[data-testid=stepper] [data-step=${id}][data-state=done]`).waitFor();

/** From the alert to a report that lacks nothing. What the hub knows is not asked. */
async function report() {
  await enter('can.bo', `/canh-bao/${env.PHENDAU_UI_ALERT}`);
  await at('open-incident').waitFor();
  touched.clear();
  const begun = Date.now();
  await at('open-incident').click();
  await at('stepper').waitFor();
  const incident = new URL(page.url()).pathname.split('/').pop();
  await stepTo('isolate');
  await field('ordered_by', 'Thủ trưởng cơ quan');
  await field('cut', 'Máy chủ web của sở');
  await now('cut_at');
  await choose('device_id', env.PHENDAU_UI_DEVICE);
  await choose('method', 'agent');
  await at('step-form-submit').click();
  await isDone('isolate');
  await stepTo('verify');
  await field('state', 'Nhiều lần đăng nhập sai qua SSH, trang chủ bị thay giao diện');
  await choose('severity', 'high');
  await field('scope', 'Một máy chủ web');
  await choose('category', 'defacement');
  await at('step-form-submit').click();
  await isDone('verify');
  await stepTo('report');
  await now('head_at');
  await choose('head_channel', 'phone');
  await now('department_at');
  await choose('department_channel', 'phone');
  await at('step-form-submit').click();
  await isDone('report');
  await page.locator('[data-testid=effect][data-effect=initial_report] [data-testid=effect-paper]').click();
  await page.locator('[data-testid=paper-lacking][data-count="0"]').waitFor();
  await at('paper-take-number').waitFor();  // the head of the paper lacks nothing either
  const seconds = Math.round((Date.now() - begun) / 1000);
  const paper = new URL(page.url()).pathname.split('/').pop();
  console.log(`fields touched from the alert to the complete report: ${touched.size} (at most ${kFieldsMost}); clock: ${seconds} s (at most 300)`);
  for (const name of touched) console.log(`    ${name}`);
  assert.ok(touched.size > 0 && touched.size <= kFieldsMost, `${touched.size} fields`);
  await shots('officer-report');
  console.log(JSON.stringify({ incident, paper, fields: touched.size, seconds }));
}

/** The order that the case proposes, given on its page. */
async function isolate() {
  await enter('can.bo', `/su-co/${env.PHENDAU_UI_CASE}`);
  await page.locator('[data-testid=effect][data-effect=isolate_order] [data-testid=effect-give]').click();
  await at('order-weighed').fill('Không có dịch vụ nào phải giữ');
  await shots('officer-isolate');
  await at('order-send').click();
  await page.locator('[data-testid=effect][data-effect=isolate_order][data-state=done]').waitFor();
}

async function police() {
  await enter('cong.an', '/phoi-hop');
  const request = page.locator(`[data-testid="request"][data-id="${env.PHENDAU_UI_REQUEST}"]`);
  await request.getByTestId('answer-request').click();
  await at('answer').getByLabel(/^Trả lời/).last().fill('Đồng ý tiếp nhận chứng cứ');
  await shots('police-answer');
  await at('answer-form').locator('button[type=submit]').click();
  await request.waitFor({ state: 'detached' });
}

/** Every page of the case that a role has. A drill says so on each of them. */
async function look() {
  const drill = env.PHENDAU_UI_DRILL === '1';
  const incident = env.PHENDAU_UI_CASE;
  const pages = {
    'can.bo': { case: `/su-co/${incident}`, evidence: `/chung-cu?vu=${incident}`, item: `/chung-cu/${env.PHENDAU_UI_ITEM}`, paper: `/giay-to/${env.PHENDAU_UI_PAPER}` },
    'thu.truong': { case: `/su-co/${incident}`, paper: `/giay-to/${env.PHENDAU_UI_PAPER}` },
    'truc.tinh': { case: `/su-co/${incident}`, evidence: `/chung-cu?vu=${incident}`, paper: `/giay-to/${env.PHENDAU_UI_PAPER}` },
    'cong.an': { case: `/su-co/${incident}`, evidence: `/chung-cu?vu=${incident}`, paper: `/giay-to/${env.PHENDAU_UI_PAPER}` },
  };
  for (const [user, ways] of Object.entries(pages)) {
    await enter(user, '/');
    for (const [name, path] of Object.entries(ways)) {
      await page.goto(env.PHENDAU_UI_URL + path);
      if (name === 'case') await at('stepper').waitFor();
      await settled();
      assert.equal(await at('problem').count(), 0, `${user}: ${path}`);
      assert.equal(await at('drill-banner').count() > 0, drill, `${user}, ${name}: ${drill ? 'does not say' : 'says'} that it is a drill`);
      await shots(`${drill ? 'drill-' : ''}${user}-${name}`);
    }
    // From the package to the minute that was made with it.
    if (ways.evidence && user === 'can.bo') {
      await page.goto(env.PHENDAU_UI_URL + ways.evidence);
      const minute = at('bag').first().getByTestId('bag-minute');
      const number = (await minute.textContent()).replace('Biên bản ', '');
      await minute.click();
      await at('paper-state').first().waitFor();
      assert.ok((await page.locator('main').textContent()).includes(number), `the minute ${number}`);
      await shots(`${drill ? 'drill-' : ''}${user}-minute`);
    }
    // Where lists count, a drill is not among them.
    await page.goto(`${env.PHENDAU_UI_URL}/su-co`);
    await settled();
    assert.equal(await page.locator(`a[href="/su-co/${incident}"]`).count() > 0, !drill, `${user}: the list of cases`);
    if (user === 'thu.truong') await shots(`${drill ? 'drill-' : ''}${user}-list`);
  }
}

try {
  await { report, isolate, police, look }[stage]();
  assert.deepEqual(wrongs, []);
} catch (error) {
  console.error(error);
  console.error(`at ${page?.url()}; ${JSON.stringify(wrongs)}`);
  if (env.PHENDAU_WALK_SHOTS && page) await page.screenshot({ path: `${env.PHENDAU_WALK_SHOTS}/failed.png`, fullPage: true });
  process.exitCode = 1;
} finally {
  await browser.close();
}
