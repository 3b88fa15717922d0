// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/rsyslog_incident.py, which starts the hub and sets the PHENDAU_UI_* variables.
// Stage "first-sign-in" goes through the forced change of the one-time password; stage "walk" takes one alert to a
// closed incident. Both fail on any request to another host, refused script, console error or page error.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { atBothWidths, launch, signIn as fillSignIn } from './portal.mjs';

const env = process.env;
const kUrl = env.PHENDAU_UI_URL;
const kBurst = 12;  // twice what any rule for failed sign-ins needs
const kStrangersAddress = '198.51.100.77';
const kHostileHost = 'x'.repeat(200);  // a line says what it likes
const kHostileUser = '<img/src=x/onerror=alert(1)>';

const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const at = (id) => page.getByTestId(id);

const wrongs = [];
let atSignIn = true;  // the question "who am I" before signing in is answered with 401, which the browser logs
page.on('request', (request) => {
  const url = new URL(request.url());
  if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== kUrl) wrongs.push(`request to ${request.url()}`);
});
page.on('pageerror', (error) => wrongs.push(`page error: ${error.stack ?? error}`));
page.on('console', (message) => {
  if (message.type() !== 'error') return;
  if (atSignIn && message.location().url.endsWith('/api/v1/session') && message.text().includes('401')) return;
  wrongs.push(`console: ${message.text()} (${message.location().url})`);
});
await page.addInitScript(() => {
  document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
});

async function signIn(password) {
  const answer = await page.goto(kUrl);
  const policy = answer.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src '(self|none)'/, 'the portal is served with a content security policy');
  assert.ok(!policy.includes('unsafe-inline') && !policy.includes('unsafe-eval'), policy);
  await fillSignIn(page, 'admin', password);
}

async function firstSignIn() {
  await signIn(env.PHENDAU_UI_PASSWORD);
  await at('password-old').fill(env.PHENDAU_UI_PASSWORD);
  await at('password-new').fill(env.PHENDAU_UI_NEW_PASSWORD);
  await at('password-again').fill(env.PHENDAU_UI_NEW_PASSWORD);
  atSignIn = false;
  await at('password-save').click();
  await at('shell').waitFor();
  await page.locator('main h1').waitFor();
}

/** Failed sign-ins as a server with its own syslog would report them. */
async function sendBurst() {
  const now = new Date(Date.now() + 7 * 3600_000);
  const month = now.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  const clock = now.toISOString().slice(11, 19);
  const lines = Array.from({ length: kBurst }, (_, i) =>
    `<38>${month} ${String(now.getUTCDate()).padStart(2)} ${clock} ${kHostileHost} sshd[${900 + i}]: ` +
    `Failed password for invalid user ${kHostileUser} from ${kStrangersAddress} port ${40000 + i} ssh2\n`);
  await new Promise((resolve, reject) => {
    const socket = net.connect(Number(env.PHENDAU_UI_TCP), '127.0.0.1', () => socket.end(lines.join(''), resolve));
    socket.on('error', reject);
  });
}

/** Given to an account and given back. */
async function handOn() {
  const handler = page.locator('dt', { hasText: 'Người xử lý' });
  assert.equal(await handler.count(), 0);
  await at('hand-on').click();
  await at('receiver').fill('admin');
  await atBothWidths(page, 'alert-hand-on');
  await at('give').click();
  await handler.waitFor();
  await at('hand-on').click();
  await at('release').click();
  await handler.waitFor({ state: 'detached' });
}

async function seeANewAlertArrive() {
  await page.goto(`${kUrl}/canh-bao`);
  await at('alert-row').first().waitFor();
  await page.locator('[data-testid=live-state].live-on').waitFor({ state: 'attached' });
  await page.evaluate(() => { window.sameDocument = true; });
  assert.equal(await page.locator('tr', { hasText: kStrangersAddress }).count(), 0);
  await sendBurst();
  await at('show-newer').click();
  await page.locator('[data-testid=alert-row]', { hasText: kStrangersAddress }).first().waitFor();
  assert.equal(await page.evaluate(() => window.sameDocument), true, 'the page was loaded again');
  await atBothWidths(page, 'alerts');
  const row = page.locator('[data-testid=alert-row]', { hasText: kStrangersAddress }).first();
  assert.ok((await row.innerText()).includes(kHostileHost), 'the host is shown as it was sent');
  assert.equal(await page.locator('main img').count(), 0);
  await row.getByTestId('alert-link').click();
  await at('alert-event').first().waitFor();
  assert.ok((await at('alert-event').first().innerText()).includes(kHostileUser), 'the line is shown as it was sent');
  await atBothWidths(page, 'alert');
  await handOn();
  assert.equal(await page.locator('main img').count(), 0);
  await page.goto(`${kUrl}/canh-bao`);
}

/** Fills what is on the step's form, sends it, and waits until the case has moved on. */
async function doStep(number, id, fill) {
  const card = page.locator(`[data-testid=step-card][data-step=${id}]`);
  await card.waitFor();
  await fill();
  await at('step-form-submit').click();
  await page.locator(`[data-testid=step-${number}][data-state=done]`).waitFor();
}
const field = (name, value) => at(`field-${name}`).fill(value);
const choose = (name, value) => at(`field-${name}`).selectOption(value);
const now = (name) => at(`now-${name}`).click();

async function walkTheSteps() {
  await doStep(1, 'isolate', async () => {
    // An unfinished form is not sent; it says what is missing.
    await at('step-form-submit').click();
    await page.locator('.form-problem').waitFor();
    await field('ordered_by', 'Trưởng phòng Văn hoá, Thể thao');
    await field('cut', 'Rút dây mạng của máy chủ LabSZ');
    await now('cut_at');
    await choose('method', 'cable');
    await at('field-still_powered').check();
    const file = 'ghi-chep.txt';
    writeFileSync(file, 'Rút dây mạng máy chủ LabSZ theo lệnh của trưởng phòng.\n');
    await at('file-input').setInputFiles(file);
    await page.locator('[data-testid=attachment]', { hasText: file }).first().waitFor();
  });
  await doStep(2, 'verify', async () => {
    // Questions to the journal are ready, the first about what the alert names.
    const asked = new URL(await at('step-search').first().getAttribute('href'), kUrl).searchParams;
    assert.match(asked.get('q'), /source_ip:"183\.62\.140\.253"/);
    assert.ok(Date.parse(asked.get('from')) < Date.parse(asked.get('to')));
    if (env.PHENDAU_UI_SHOTS) await page.screenshot({ path: `${env.PHENDAU_UI_SHOTS}/verify.png`, fullPage: true });
    await field('state', 'Nhiều lần đăng nhập sai qua SSH, chưa thấy lần nào thành công');
    await choose('severity', 'high');
    await field('scope', 'Một máy chủ');
    await choose('category', 'other');
    await field('category_other', 'Dò mật khẩu SSH');
  });
  await doStep(3, 'collect', async () => {
    await at('add-copies').click();
    await at('field-copies-0-what').fill('/var/log/auth.log');
    await at('field-copies-0-where').fill('Ổ cứng rời số 3, tủ phòng máy chủ');
    await at('field-copies-0-sha256').fill('ab'.repeat(32));
  });
  await doStep(4, 'report', async () => {
    await now('head_at');
    await choose('head_channel', 'phone');
    await now('department_at');
    await choose('department_channel', 'document');
    await field('document_number', '12/BC-VP');
  });
  await doStep(5, 'restore', async () => {
    await field('backup', 'Bản sao lưu tuần trước');
    await field('untested_reason', 'Chưa tới kỳ thử khôi phục');
    await field('untested_by', 'Giám đốc Sở');
    await now('restored_at');
    await at('field-file_kept').check();
  });
}

async function walk() {
  await signIn(env.PHENDAU_UI_PASSWORD);
  await at('shell').waitFor();
  atSignIn = false;
  await seeANewAlertArrive();
  // Through the list, as a person would.
  await page.locator(`[data-testid=alert-row][data-id="${env.PHENDAU_UI_ALERT}"] [data-testid=alert-link]`).click();
  await at('alert-event').first().waitFor();
  // The log around an alert of long ago is the log of that day.
  await at('alert-search').click();
  await at('event-row').filter({ hasText: '10/12/' }).first().waitFor();
  await page.goBack();
  await at('open-incident').click();
  await at('stepper').waitFor();
  await walkTheSteps();
  await at('close-incident').click();
  await at('close-dialog-text').fill('Chặn địa chỉ tấn công, đổi mật khẩu, bật đăng nhập bằng khoá.');
  await at('close-dialog-send').click();
  await at('incident-status').filter({ hasText: 'đã đóng' }).waitFor();
  await at('close-incident').waitFor({ state: 'detached' });
}

try {
  await (env.PHENDAU_UI_STAGE === 'first-sign-in' ? firstSignIn() : walk());
  assert.deepEqual(wrongs, []);
  console.log(`browser, ${env.PHENDAU_UI_STAGE}: passed`);
} catch (error) {
  console.error(error);
  console.error(`at ${page.url()}; ${JSON.stringify(wrongs)}`);
  if (env.PHENDAU_UI_SHOTS) await page.screenshot({ path: `${env.PHENDAU_UI_SHOTS}/failed.png` });
  process.exitCode = 1;
} finally {
  await browser.close();
}
