// SPDX-License-Identifier: Apache-2.0
// The browser's half of scenario/portal_walk.py, which starts the hub, fills it and sets the PHENDAU_UI_* variables: every
// section of every role, by mouse and by keyboard. Fails on any request to another host, refused script, console error, page
// error, page in a broken state, English word on a screen, or anything that audit.mjs finds there in light and dark and at the
// width of a telephone. Pictures go to PHENDAU_UI_SHOTS, if set.
// PHENDAU_UI_DIST tries the portal of that folder on the same hub: for work on the portal without building the hub.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit, auditTab } from './audit.mjs';
import { launch, signIn as fillSignIn } from './portal.mjs';

const env = process.env;
const kUrl = env.PHENDAU_UI_URL;
const people = JSON.parse(env.PHENDAU_UI_PEOPLE);  // role -> {username, password}
const kWaitMs = 30_000;
const kHubBackMs = 90_000;  // the stream asks again at growing distances
const kPdfLeast = 8000;     // an empty A4 page of Chromium has about 1 kB

const browser = await launch();
const wrongs = [];
let page = null;      // the page of the person who walks now
let mayFail = true;   // before sign-in "who am I" is answered with 401; while the hub is away nothing answers
const at = (id) => page.getByTestId(id);
const step = (text) => console.log(`  ${text}`);

// ---- a person ------------------------------------------------------------------------------------------------------
async function ownDist(context) {
  const dist = env.PHENDAU_UI_DIST;
  if (!dist) return;
  const kTypes = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  await context.route((url) => url.origin === kUrl && !url.pathname.startsWith('/api/'), (route) => {
    const file = join(dist, new URL(route.request().url()).pathname);
    const use = existsSync(file) && !file.endsWith('/') ? file : join(dist, 'index.html');
    return route.fulfill({ body: readFileSync(use), contentType: kTypes[use.split('.').pop()] });
  });
  await context.route(`${kUrl}/api/v1/health`, async (route) => {
    try {
      await route.fulfill({ json: { ...await (await route.fetch()).json(), demo: true } });
    } catch {
      await route.abort('connectionrefused').catch(() => undefined);
    }
  });
}

async function enter(role, options = {}) {
  if (page) await page.context().close();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1366, height: 768 }, reducedMotion: 'reduce', ...options });
  await ownDist(context);
  page = await context.newPage();
  page.setDefaultTimeout(kWaitMs);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== kUrl) wrongs.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => wrongs.push(`page error: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !(mayFail && message.text().startsWith('Failed to load resource'))) {
      wrongs.push(`console, ${role}: ${message.text()} (${message.location().url}) at ${page.url()}`);
    }
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
  });
  mayFail = true;
  await page.goto(kUrl);
  await at('demo-banner').waitFor();
  await signIn(role, role === 'administrator');
  mayFail = false;
}

async function signIn(role, first = false) {
  if (first) {
    await check('sign-in');
    await shotsOf('sign-in');
  }
  await fillSignIn(page, people[role].username, people[role].password);
  await at('shell').waitFor();
}

async function shot(name) {
  if (!env.PHENDAU_UI_SHOTS) return;
  mkdirSync(env.PHENDAU_UI_SHOTS, { recursive: true });
  await page.screenshot({ path: join(env.PHENDAU_UI_SHOTS, `${name}.png`) });
}

/** The same, as somebody sees it who likes it dark or holds a telephone. */
async function shotsOf(name) {
  if (!env.PHENDAU_UI_SHOTS) return;
  await shot(name);
  await inDark(() => shot(`${name}-dark`));
  await onPhone(async () => page.screenshot({ path: join(env.PHENDAU_UI_SHOTS, `${name}-360.png`), fullPage: true }));
}

async function inDark(act) {
  await page.emulateMedia({ colorScheme: 'dark' });
  await act();
  await page.emulateMedia({ colorScheme: 'light' });
}

async function onPhone(act) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 780 });
  await act();
  await page.setViewportSize(size);
}

/** Vietnamese, and for everybody: by keyboard, by ear, in the dark, on a telephone. */
async function check(where) {
  await noEnglish(where);
  const found = new Set(await audit(page));
  await inDark(async () => { for (const line of await audit(page)) found.add(line.startsWith('contrast') || line.startsWith('the edge') ? `dark: ${line}` : line); });
  await onPhone(async () => { for (const line of await audit(page, { contrast: false, width: true })) found.add(line); });
  for (const line of found) wrongs.push(`${where}: ${line}`);
}

async function open(path) {
  await page.goto(kUrl + path);
  await settled();
}

/** The page has a heading, nothing is being loaded, and it is in no broken state. */
async function settled() {
  await page.locator('main h1').first().waitFor();
  // Not waitForFunction: it polls by eval(), which the portal's policy forbids.
  const busy = page.locator('main [aria-busy="true"], dialog[open] [aria-busy="true"]');
  for (let turn = 0; (await busy.count()) > 0; ++turn) {
    assert.ok(turn < 300, `${page.url()} goes on loading`);
    await page.waitForTimeout(100);
  }
  assert.equal(await at('problem').count(), 0, `a problem on ${page.url()}`);
}

const focused = (attribute) => page.evaluate((name) => document.activeElement?.getAttribute(name), attribute);

// ---- words ---------------------------------------------------------------------------------------------------------
// A word in ASCII is Vietnamese when it has the shape of a syllable; the rest are names and units that are said so in offices.
const kSyllable = new RegExp('^(b|ch|c|d|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x)?' +
  '(uye|uya|uyu|uoi|uou|uay|uai|oai|oay|oao|oeo|ieu|yeu|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|oo|ua|ue|ui|uo|uu|uy|ye|[aeiouy])' +
  '(ch|c|m|ng|nh|n|p|t)?$');
const kLookVietnamese = new Set(['set', 'met', 'due', 'on', 'run', 'get', 'put', 'not', 'but', 'hit', 'top', 'min', 'net']);
const kAllowed = new Set(('dpi bc ttr ubnd skhcn linux windows debian gnu ubuntu clamav borg rsyslog journald pam_faillock pam_pwquality phendau agent admin root sudo ssh syslog ' +
  'virus internet wifi web website email fax online portal server byte kib mib gib tib csv ndjson json sha vpn csdl cntt udp tcp tls dns dhcp esc enter ctrl ' +
  'audit wi fi office firewall router switch camera usb laptop excel unicode xlsx vntime vntimeh vni times viqr').split(' ').concat((env.PHENDAU_UI_DATA_WORDS ?? '').split(',')));

async function noEnglish(where) {
  const texts = await page.evaluate(() => {
    // Lines of logs, file names, identifiers and what people typed are data, and are shown as such.
    const data = 'code, pre, .mono, .line, .facets, .event-detail, .files, input, textarea, script, style, noscript, [data-raw]';
    const walker = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT);
    const out = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (node.data.trim() && !parent.closest(data) && parent.checkVisibility({ visibilityProperty: true })) out.push(node.data.trim());
    }
    return out;
  });
  const bad = new Set();
  for (const text of texts) {
    // The number of a document is its name, not words.
    for (const token of text.replace(/\d+\/\d{4}\/[A-ZĐ]+(-[A-ZĐ]+)*/g, '').split(/[\s()"'“”,;:!?…–→×·/]+/)) {
      const bare = token.replace(/^[.-]+|[.-]+$/g, '');
      if (/^[a-z]+(_[a-z]+)+$/.test(bare) && !kAllowed.has(bare)) bad.add(bare);
      if (!/^[A-Za-z.-]+$/.test(bare) || (/^[A-Z]{2,6}$/.test(bare))) continue;
      for (const word of bare.toLowerCase().split(/[.-]/)) {
        if (word.length < 2 || kAllowed.has(word) || (kSyllable.test(word) && !kLookVietnamese.has(word))) continue;
        bad.add(`${word} in "${text.slice(0, 80)}"`);
      }
    }
  }
  for (const word of bad) wrongs.push(`${where}: not Vietnamese: ${word}`);
}

// ---- every section -------------------------------------------------------------------------------------------------
async function everySection(role, expected) {
  const links = await page.locator('nav.nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.deepEqual(links, kNavigation.filter((path) => expected.includes(path)), `navigation of ${role}`);
  for (const link of links) {
    await page.locator(`nav.nav a[href="${link}"]`).click();
    await page.waitForURL((url) => url.pathname === link);
    await settled();
    assert.equal(await at('demo-banner').count(), 1, `${role} sees on ${link} that the data are invented`);
    assert.equal(await at('offline-banner').count(), 0, `${role} on ${link} is told that the hub is away`);
    await check(`${role} ${link}`);
    if (role === 'officer') for (const line of await auditTab(page)) wrongs.push(`${role} ${link}, by Tab: ${line}`);
    await shotsOf(`${role}${link.replaceAll('/', '-')}`);
  }
}

/** j, j, k, Enter: the second row, back to the first, and into it. */
async function rowsByKey(testid, done) {
  await at(testid).nth(1).waitFor();
  await page.locator('main h1').first().click();
  await page.keyboard.press('j');
  const first = await focused('data-id');
  assert.equal(await focused('data-testid'), testid, 'j goes to the first row');
  await page.keyboard.press('j');
  assert.notEqual(await focused('data-id'), first, 'j goes on');
  await page.keyboard.press('k');
  assert.equal(await focused('data-id'), first, 'k goes back');
  await page.keyboard.press('Enter');
  await at(done).first().waitFor();
}

async function slashFocuses(testid) {
  await page.locator('main h1').first().click();
  await page.keyboard.press('/');
  assert.equal(await focused('data-testid'), testid, `"/" on ${page.url()}`);
}

/** The leader page is one A4 on paper, whatever stands on it. */
async function onePage(role) {
  await open('/lanh-dao');
  await at('leader').waitFor();
  await check(`leader page of ${role}`);
  const bytes = await page.pdf({ preferCSSPageSize: true });
  const pages = bytes.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)?.length;
  assert.equal(pages, 1, `the leader page of ${role} has ${pages} pages on paper`);
  await shotsOf(`leader-${role}`);
  if (env.PHENDAU_UI_SHOTS) writeFileSync(join(env.PHENDAU_UI_SHOTS, `leader-${role}.pdf`), bytes);
}

/** The queue by keyboard, the ranking's sheet, a warning from compose to receipts, one changed setting. */
async function province() {
  await open('/hang-doi');
  await rowsByKey('queue-row', 'shell');
  await open('/xep-hang');
  await at('open-sheet').first().click();
  await at('criterion').first().waitFor();
  await settled();
  for (const one of await at('criterion').locator('summary').all()) await one.click();
  await check('sheet of the ranking');
  await shotsOf('ranking-sheet');
  await paper('ranking');
  await open('/thong-bao-nguy-co');
  await at('new-warning').click();
  await at('warning-kind-malware').check();
  for (const [name, text] of [['title', 'Thư giả mạo hóa đơn'], ['text', 'Thư giả mạo kèm tệp nén.'], ['measures', 'Không mở tệp, báo ngay.']]) await at(`warning-${name}`).fill(text);
  await check('form of a warning');
  await shotsOf('warning-form');
  await at('warning-send').click();
  await at('receipts-table').waitFor();
  await settled();
  await check('one warning, sender');
  await shotsOf('warning-sender');
  await open('/cai-dat');
  await slashFocuses('setting-search');
  await page.keyboard.type('do dai');
  await at('change-password_min_length').click();
  await at('setting-value').fill('2');
  await at('setting-reason').fill('Kế hoạch của tỉnh');
  mayFail = true;  // what the pack does not allow is refused with 400, which the browser logs
  await at('setting-save').click();
  await at('setting-drawer').locator('.form-problem').waitFor();
  mayFail = false;
  await at('setting-value').fill('10');
  await check('form of a setting');
  await at('setting-save').click();
  await at('restart-note').waitFor();
  await shotsOf('settings');
  for (const tab of ['vai-tro', 'nhac-viec']) {
    await open(`/cai-dat?muc=${tab}`);
    await check(`settings ${tab}`);
    await shotsOf(`settings-${tab}`);
  }
  await onePage('administrator');
}

async function answerWarning() {
  await open('/thong-bao-nguy-co');
  await at('warning-row').first().locator('[data-primary]').click();
  await at('warning-done-text').fill('Đã nhắc toàn bộ cán bộ.');
  await at('warning-done').click();
  await page.locator('[data-testid=own-receipt][data-state=done]').waitFor();
  await check('one warning, agency');
  await shotsOf('warning-agency');
}

async function paper(name) {
  const bytes = await page.pdf({ preferCSSPageSize: true });
  assert.ok(bytes.subarray(0, 5).toString() === '%PDF-' && bytes.length > kPdfLeast, `${name} on paper: ${bytes.length} bytes`);
  if (env.PHENDAU_UI_SHOTS) writeFileSync(join(env.PHENDAU_UI_SHOTS, `${name}.pdf`), bytes);
}

// ---- the administrator ---------------------------------------------------------------------------------------------
async function overviewAndAlerts() {
  await open('/toan-canh');
  assert.ok(await at('agency-row').count() >= 3);
  await paper('overview');
  await slashFocuses('quick-search');
  await open('/canh-bao');
  await rowsByKey('alert-row', 'alert-event');
  await settled();
  await check('one alert');
  await shotsOf('alert');
  await open('/su-co');
  await at('incident-row').first().locator('[data-primary]').click();
  await at('step-card').waitFor();
  await settled();
  await check('one incident');
  await shotsOf('incident');
  await paper('incident');
  await open('/su-co');
  await at('new-incident').click();
  await check('form of an incident');
  await shotsOf('incident-form');
}

/** From an alert that was none to a filter in force, and its end. */
async function falseAlarm() {
  await open('/canh-bao?status=all');
  await page.locator('[data-testid=alert-row]', { hasText: 'đăng nhập' }).first().locator('[data-primary]').click();
  await at('false-alarm').click();
  await at('filter-form').waitFor();
  await settled();
  await check('form of a filter');
  await shotsOf('filter-form');
  await at('filter-reason').fill('Máy quét lỗ hổng của trung tâm');
  await at('filter-send').click();
  await at('replay-verdict').waitFor();
  await settled();
  assert.match(await at('replay-verdict').innerText(), /^Bớt \d+ trong \d+ lần khớp luật/);
  await check('a draft of a filter');
  await shotsOf('filter-draft');
  await at('filter-enforce').click();
  await page.locator('[data-testid=filter-state][data-state=in_force]').waitFor();
  await open('/bo-loc-bao-nham');
  await at('filter-row').first().waitFor();
  await check('filters');
  await shotsOf('filters');
  await at('filter-row').first().locator('[data-primary]').click();
  await at('filter-end-reason').fill('Máy quét đã chuyển đi');
  await at('filter-end').click();
  await page.locator('[data-testid=filter-state][data-state=ended]').waitFor();
  await check('a filter that has ended');
}

/** A list from the national CERT: pasted, sought, put in force, and a warning to whoever is on it. */
async function indicators() {
  await open('/dau-hieu');
  await page.getByText('Không có bộ dấu hiệu nào').waitFor();
  await check('no lists of indicators');
  await at('import-indicators').click();
  await at('indicators-lines').fill('198.51.100.66\nhxxp://xau.example/tai/a.exe\n127.0.0.1\n' + 'a'.repeat(64));
  await at('indicators-title').fill('Chiến dịch thư giả mạo tháng 11');
  await at('indicators-source').fill('Trung tâm ứng cứu khẩn cấp');
  await at('indicators-until').fill('31/12/2026');
  await at('indicators-reason').fill('Văn bản cảnh báo ngày 20/11');
  await shotsOf('indicators-form');
  await at('indicators-send').click();
  await at('hunt-verdict').waitFor();
  await at('refused').locator('summary').click();
  await settled();
  await check('a draft of a list');
  await shotsOf('indicators-draft');
  await at('indicators-enforce').click();
  await page.locator('[data-testid=indicators-state][data-state=in_force]').waitFor();
  await at('leave-out').first().click();
  await at('leave-out-reason').fill('Là địa chỉ của chính tỉnh');
  await check('a value is left out');
  await at('leave-out-send').click();
  await at('left-out').getByText('Là địa chỉ của chính tỉnh').waitFor();
  await settled();
  await shotsOf('indicators-left-out');
  await at('take-back').click();
  await at('leave-out-reason').fill('Đã xác minh là nguy hại');
  await at('leave-out-send').click();
  await at('left-out').waitFor({ state: 'detached' });
  await open('/dau-hieu');
  await at('indicators-row').first().waitFor();
  await check('lists of indicators');
  await shotsOf('indicators');
}

async function matrixByKeyboard() {
  await open(`/nghia-vu?agency=${env.PHENDAU_UI_AGENCY}`);
  await at('matrix-row').first().waitFor();
  await page.locator('main h1').click();
  for (let i = 0; i < 80 && await focused('data-clause') !== env.PHENDAU_UI_CLAUSE; ++i) await page.keyboard.press('j');
  assert.equal(await focused('data-clause'), env.PHENDAU_UI_CLAUSE, 'j reaches the row of the clause');
  await page.keyboard.press('Enter');
  const drawer = at('evidence-drawer');
  await drawer.locator('[data-testid=verdict][data-status=violated]').first().waitFor();
  assert.match(await drawer.locator('.clause-text').innerText(), /Điều \d+/);
  assert.ok(await drawer.locator('[data-testid=evidence] > li').count() > 0, 'facts or records stand behind it');
  assert.ok(await drawer.locator('.change').count() > 0, 'it says what would change the verdict');
  await settled();
  await check('Vì sao?');
  await shotsOf('why');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  assert.equal(await focused('data-clause'), env.PHENDAU_UI_CLAUSE, 'the focus is given back');
  await page.keyboard.press('Tab');  // into the first cell of the row
  assert.equal(await focused('data-testid'), 'matrix-cell');
  await page.keyboard.press('Enter');
  await drawer.waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  assert.equal(await focused('data-testid'), 'matrix-cell', 'the focus is back in the cell');
  await paper('obligations');
}

/** Clause beside its standing: search inside, jump by article, a link that others can follow, the way to the answer. */
async function documentReader() {
  await open('/van-ban');
  const clauses = at('clause');
  const all = await clauses.count();
  assert.ok(all >= 70, `${all} clauses of the document`);
  assert.match(await page.locator('main .sub').innerText(), /1374\/QĐ-UBND/);
  await check('document');
  await shotsOf('document');
  await at('jump').getByRole('link', { name: 'Điều 9', exact: true }).click();
  const article = page.locator('section[aria-label="Điều 9"]');
  await page.waitForURL((url) => url.hash !== '');
  assert.ok(await article.evaluate((e) => e.getBoundingClientRect().top < 300), 'the jump arrives');
  await page.keyboard.press('/');
  await page.keyboard.type('bao cao nam');
  await page.waitForURL((url) => url.searchParams.get('q') === 'bao cao nam');
  assert.ok(await clauses.count() < all && await clauses.count() > 0, 'search narrows, without accents too');
  const report = page.locator('[data-testid=clause][data-clause="hg-1374:9.8"]');
  assert.match(await report.innerText(), /trước ngày 15\/11/);
  assert.equal(await report.getByTestId('clause-action').getAttribute('href'), '/so-dang-ky/document');
  await open('/van-ban#hg-1374-9-8');
  await report.waitFor();
  assert.equal(await focused('data-clause'), 'hg-1374:9.8', 'a link leads to its clause');
  await page.keyboard.press('Enter');
  await at('evidence-drawer').waitFor();
  assert.match(page.url(), /\/nghia-vu\?clause=/);
  await open('/van-ban');
  await paper('document');
}

async function histogram() {
  const hasRange = (url) => url.searchParams.has('from') && url.searchParams.has('to');
  await open('/nhat-ky');
  assert.ok(!(await at('events-table').innerText()).includes('Máy đo '), 'measurements are hidden until asked for');
  const picture = at('histogram').locator('svg');
  const box = await picture.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 5 });
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(hasRange);
  await open('/nhat-ky?range=24h');
  await picture.focus();
  for (const key of ['ArrowLeft', 'ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Enter']) await page.keyboard.press(key);
  await page.waitForURL(hasRange);
  await settled();
  await slashFocuses('search-box');
  await page.keyboard.type('outcome:failure ');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => (url.searchParams.get('q') ?? '').startsWith('outcome:failure'));
  await page.waitForTimeout(600);  // an offer of values that comes late must not open the list again
  assert.equal(await at('completions').count(), 0, 'the list of suggestions is closed after Enter');
  await open('/nhat-ky?facts=1&q=fact.kind%3Aantimalware');
  await page.getByText('Máy đo Chống mã độc').first().waitFor();
  await shotsOf('facts-in-log');
}

async function devices() {
  await open('/thiet-bi');
  await slashFocuses('device-search');
  await page.keyboard.type('may');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('q') === 'may');
  await rowsByKey('device-row', 'fact');
  await settled();
  await page.locator('.duty-clause').first().waitFor();
  await check('one device');
  await shotsOf('device');
  await paper('device');
  await open('/thiet-bi');
  await at('add-device').click();
  await check('form of a machine');
  await shotsOf('device-form');
}

async function administration() {
  for (const tab of ['co-quan', 'nguoi-dung', 'bo-quy-dinh', 'luat', 'nhap']) {
    await open(`/quan-tri?muc=${tab}`);
    await check(`Quản trị ${tab}`);
    await shotsOf(`admin-${tab}`);
  }
  for (const [tab, button, drawer] of [['co-quan', 'add-agency', 'agency-drawer'], ['nguoi-dung', 'add-user', 'user-drawer']]) {
    await open(`/quan-tri?muc=${tab}`);
    await at(button).click();
    await at(drawer).waitFor();
    await settled();
    await check(drawer);
    await shotsOf(drawer);
  }
  await open(`/co-quan/${env.PHENDAU_UI_AGENCY}`);
  await check('one agency');
  await shotsOf('agency');
  await paper('agency');
  await at('person-menu').click();
  await check('menu of the person');
  await shotsOf('person-menu');
}

// ---- a record ------------------------------------------------------------------------------------------------------
async function createRecord() {
  await open('/so-dang-ky');
  await slashFocuses('register-search');
  await page.keyboard.type('nghi viec');  // accents are not needed
  await at('register-leaver').waitFor();
  assert.equal(await page.locator('[data-testid^=register-]:not(input)').count(), 1);
  await at('register-leaver').click();
  await settled();
  await at('new-record').click();
  await at('record-form-submit').click();
  const drawer = at('record-drawer');
  await drawer.locator('.form-problem').waitFor();
  assert.equal(await drawer.locator('.field.wrong .field-error').count(), 2, 'both mistakes stand beside their fields');
  assert.equal(await focused('name'), 'full_name', 'the first of them has the focus');
  await at('field-full_name').fill('Nguyễn Văn Thử');
  await at('field-left_on').fill('31/02/2026');
  await at('record-form-submit').click();
  await drawer.getByText('Điền ngày dạng 24/07/2026.').waitFor();
  await settled();
  await check('form of a record');
  await shotsOf('record-form');
  await at('field-left_on').fill('20/11/2026');
  await at('record-form-submit').click();
  await at('record-details').getByText('20/11/2026').waitFor();
}

async function changeAndUndo() {
  const file = 'bien-ban.txt';
  writeFileSync(file, 'Biên bản bàn giao (mẫu).\n');
  await at('file-input').setInputFiles(file);
  await page.locator('[data-testid=attachment]', { hasText: file }).waitFor();
  await at('edit-record').click();
  await at('field-full_name').fill('Nguyễn Văn Nhầm');
  await at('record-form-submit').click();
  await page.locator('main h1', { hasText: 'Nguyễn Văn Nhầm' }).waitFor();
  await at('record-history').getByText('Họ và tên: Nguyễn Văn Thử → Nguyễn Văn Nhầm').waitFor();
  await at('record-history').getByRole('button', { name: 'Quay lại nội dung này' }).last().click();
  await at('undo-reason').fill('Gõ nhầm tên');
  await at('undo-send').click();
  await page.locator('main h1', { hasText: 'Nguyễn Văn Thử' }).waitFor();
  await settled();
  await check('one record');
  await shotsOf('record');
  await paper('record');
  return new URL(page.url()).pathname;
}

async function moveRecord(path) {
  await open(path);
  await at('move-done').click();
  await at('move-form-submit').click();
  await at('move-drawer').locator('.field-error').first().waitFor();
  for (const name of ['accounts_locked', 'rights_updated', 'devices_recovered']) await at(`field-${name}`).check();
  await at('field-done_on').fill('24/11/2026');
  await check('a move');
  await at('move-form-submit').click();
  await at('record-state').filter({ hasText: 'Đã xong' }).waitFor();
  await open('/so-dang-ky/leaver');
  await at('record-row').first().waitFor();
  await slashFocuses('record-search');
  await page.locator('main h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await at('record-details').waitFor();
}

// ---- a table ---------------------------------------------------------------------------------------------------------
/** As an office keeps it: typed in an old font, saved as CSV. Looked at, corrected, written, and the list shows it. */
async function importTable() {
  const table = (day) => Buffer.from(`Hä vµ tªn;M· c¸n bé;Ngµy vÒ ®¬n vÞ\r\nLß V¨n Th¾ng;00917;${day}\r\nNguyÔn ThÞ Hång;00918;5/3/2024\r\n`, 'latin1');
  const choose = (day) => at('import-file').setInputFiles({ name: 'can-bo.csv', mimeType: 'text/csv', buffer: table(day) });
  await open('/so-dang-ky/staff');
  for (const id of ['export-records', 'blank-form']) {
    const [file] = await Promise.all([page.waitForEvent('download'), at(id).click()]);
    assert.match(file.suggestedFilename(), /\.xlsx$/);
  }
  await at('import-records').click();
  await settled();
  await check('import: choose');
  await shotsOf('import-choose');
  await choose('31/02/2024');
  await at('import-errors').getByText('31/02/2024').waitFor();
  assert.equal(await at('import-write').count(), 0, 'a file with a mistake is not written by the main button');
  await at('import-rows').getByText('Nguyễn Thị Hồng').waitFor();
  await at('samples').getByText('Mã cán bộ').waitFor();
  await settled();
  await check('import: mistakes');
  await shotsOf('import-mistakes');
  await at('import-again').click();
  await choose('1/2/2024');
  await at('import-sum').getByText('2 dòng sẽ thành bản ghi mới').waitFor();
  await page.waitForTimeout(200);
  assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ''), /2 dòng/, 'the focus stands where the news are');
  await shotsOf('import-preview');
  await at('import-write').focus();
  await page.keyboard.press('Enter');
  await at('import-sum').getByText('Đã nhập 2 bản ghi').waitFor();
  await check('import: done');
  await shotsOf('import-done');
  await at('import-done').click();
  await page.locator('[data-testid=record-row]', { hasText: 'Lò Văn Thắng' }).waitFor();
}

/** Papers and periods are chosen and typed as people say them, not as the program keeps them. */
async function enterPaper() {
  await open('/so-dang-ky/document?new=1');
  await at('field-type').selectOption({ label: 'Báo cáo năm của đơn vị' });
  await at('field-sent_on').fill('14/11/2026');
  await at('field-number').fill('77/BC-UBND');
  await at('field-period').fill('năm 2026');
  await check('a paper');
  await at('record-form-submit').click();
  await at('record-details').getByText('Báo cáo năm của đơn vị').waitFor();
  await at('record-details').getByText('Năm 2026').waitFor();
  await open('/so-dang-ky/document?new=1');
  await at('field-type').selectOption({ label: 'Loại khác…' });
  await at('field-type-other').fill('Công văn');
  await at('field-sent_on').fill('15/11/2026');
  await at('field-number').fill('78/UBND');
  await at('field-period').fill('tháng 13/2026');
  await at('record-form-submit').click();
  await at('record-drawer').getByText('Điền kỳ dạng').waitFor();
  await at('field-period').fill('');
  await at('record-form-submit').click();
  await at('record-details').getByText('Công văn').waitFor();
}

/** A proposal: what is missing is named, the number is taken, a scan of the signed paper comes back, and what was decided on it. */
async function draftPaper() {
  await open('/giay-to');
  await at('new-paper').click();
  await at('paper-kind-proposal').waitFor();
  await check('kinds of papers');
  await at('paper-kind-proposal').click();
  await at('paper-missing').getByText('Sự cần thiết').waitFor();
  const fill = (field, text) => page.locator(`[data-field="${field}"]`).locator('input, textarea').first().fill(text);
  await fill('need', 'Máy chủ đã cũ.');
  await fill('asked', 'Mua máy chủ mới\nGiao phòng Tin học thực hiện');
  await fill('subject', 'Đề nghị mua máy chủ');
  await fill('signer.title', 'Chủ tịch');
  await fill('signer.name', 'Lò Văn Mẫu');
  await page.getByText('Địa danh, ký hiệu, nơi lưu').click();
  await fill('place', 'Hà Giang');
  await fill('symbol', 'TTr-UBND');
  await check('draft of a paper');
  await at('paper-save').click();
  await at('paper-take-number').waitFor();
  await check('a complete draft');
  await at('paper-preview').click();
  await page.locator('[data-testid=paper-page], [role=status]:has-text("LibreOffice")').first().waitFor({ timeout: 60_000 });
  await shotsOf('paper-draft');
  await at('paper-take-number').click();
  await page.getByText('01/TTr-UBND').first().waitFor();
  await check('a numbered paper');
  writeFileSync('ban-quet.png', Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(64)]));
  await at('paper-scan').setInputFiles('ban-quet.png');
  await at('paper-signed-note').waitFor();
  await check('an issued paper');
  await shotsOf('paper-issued');
  // Submitted; then what came of it.
  await at('decide-form').getByLabel(/Kết quả/).selectOption('approved');
  await at('decide-form').getByLabel(/Người, cơ quan quyết định/).fill('Chủ tịch huyện');
  await at('decide-form').locator('input[type=date], [data-field=decided_on] input').first().fill(new Date().toLocaleDateString('sv', { timeZone: 'Asia/Ho_Chi_Minh' }));
  await at('decide-form').getByLabel(/Số văn bản quyết định/).fill('15/QĐ-UBND');
  await check('the form of a decision');
  await at('decide-form').locator('button[type=submit]').click();
  await at('paper-decision').getByText('15/QĐ-UBND').waitFor();
  assert.equal(await at('decide-form').count(), 0, 'decided once');
  await check('a decided paper');
  await shotsOf('paper-decided');
  await open('/giay-to?tinh-trang=decided');
  await at('paper-row').first().waitFor();
  await check('papers that are decided');
  // A summary of incidents is of a period, or of days; its subject follows.
  await open('/giay-to');
  await at('new-paper').click();
  await at('paper-kind-incident_summary').click();
  await at('paper-period').waitFor();
  const lastYear = new Date().getFullYear() - 1;
  const subject = page.locator('[data-field="subject"]').locator('input, textarea').first();
  const says = async (words) => {
    for (let turn = 0; turn < 100 && !(await subject.inputValue()).endsWith(words); ++turn) await page.waitForTimeout(100);
    assert.ok((await subject.inputValue()).endsWith(words), `${await subject.inputValue()}: ${words}`);
  };
  await at('paper-period').selectOption(`${lastYear}-Q3`);
  await says(`quý III năm ${lastYear}`);
  await check('a summary of a quarter');
  await at('paper-period').selectOption('own');
  await at('period-first').fill(`15/12/${lastYear - 1}`);
  await at('period-last').fill(`14/06/${lastYear}`);
  await at('period-take').click();
  await says(`từ ngày 15/12/${lastYear - 1} đến ngày 14/06/${lastYear}`);
  await check('a summary of own days');
  await shotsOf('paper-period');
}

/** The police chooses who is warned. */
async function warnSome() {
  await open('/thong-bao-nguy-co');
  await at('new-warning').click();
  await at('warning-kind-malware').check();
  for (const [name, text] of [['title', 'Mã độc qua thư'], ['text', 'Thư giả mạo.'], ['measures', 'Không mở tệp.']]) await at(`warning-${name}`).fill(text);
  await at('warning-to-chosen').check();
  await at('warning-send').click();
  await at('warning-drawer').getByText('Chọn ít nhất một đơn vị nhận.').waitFor();
  await at('warning-software').fill('Phần mềm không ai có');
  await at('warning-software').press('Enter');
  await at('warning-software-said').getByText('chưa ghi đơn vị nào').waitFor();
  await at('warning-agencies').locator(`[data-id="${env.PHENDAU_UI_AGENCY}"]`).check();
  await settled();
  await check('form of a warning, partner');
  await shotsOf('warning-partner');
  await at('warning-send').click();
  await at('receipts-table').waitFor();
  assert.equal(await at('receipts-table').locator('tbody tr').count(), 1, 'only who was chosen');
}

/** A split with the decision's file; each kind, and one machine by name, goes where it was told. */
async function splitAgency() {
  await open('/to-chuc');
  await at('new-act').click();
  await at('act-kind').selectOption('split');
  await at('act-agency').selectOption(env.PHENDAU_UI_AGENCY);
  await at('act-parts').fill('Xã Một\nXã Hai');
  await at('act-day').fill('01/01/2028');
  await at('act-decision').fill('9/NQ-HĐND');
  writeFileSync('nghi-quyet.txt', 'Nghị quyết (mẫu).\n');
  await at('act-drawer').getByTestId('file-input').setInputFiles('nghi-quyet.txt');
  await at('act-drawer').locator('[data-testid=attachment]').waitFor();
  await at('act-look').click();
  await at('act-shares').waitFor();
  await at('share-user').selectOption({ label: 'Xã Hai' });
  await at('share-each-device').click();
  await at('act-shares').locator('.shares select').first().selectOption({ label: 'Xã Hai' });
  await at('act-look').click();
  await at('act-preview').waitFor();
  const said = await at('act-preview').innerText();
  assert.match(said.split('Xã Hai')[1], /Người dùng/, said);
  await check('a split');
  await shotsOf('organisations-split');
  await at('act-save').click();
  await at('act-file').waitFor();
  await settled();
  await check('acts on organisations');
  await shotsOf('organisations');
}

/** The organisations as they will be after the split: by the slider's keys, by the mark of the day, and back to today. */
async function timeSlider() {
  await open('/to-chuc');
  const names = async () => { await settled(); return (await at('organisation').allInnerTexts()).join('\n'); };
  assert.doesNotMatch(await names(), /Xã Một/);
  await at('month-slider').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForURL((url) => url.searchParams.has('ngay'));
  assert.doesNotMatch(await names(), /Xã Một/);
  await page.keyboard.press('End');
  await at('organisation').filter({ hasText: 'Xã Một' }).first().waitFor();
  await check('organisations of a later day');
  await shotsOf('organisations-later');
  await at('tree-today').click();
  await at('organisation').filter({ hasText: 'Xã Một' }).first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '01/01/2028' }).click();
  await at('organisation').filter({ hasText: 'Xã Hai' }).first().waitFor();
}

// ---- the hub goes away ---------------------------------------------------------------------------------------------
async function hub(wish, seen) {
  writeFileSync(wish, '');
  for (let i = 0; !existsSync(seen); ++i) {
    assert.ok(i < 600, `the hub was not ${seen}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function hubAway(role) {
  await open('/so-dang-ky/training');
  await page.locator('[data-testid=live-state].live-on').waitFor({ state: 'attached' });
  await at('new-record').click();
  await at('field-attended').fill('17');
  mayFail = true;
  await hub('stop', 'stopped');
  await at('offline-banner').waitFor();
  assert.match(await at('offline-banner').innerText(), /1 bản nháp/);
  assert.match(await at('live-state').innerText(), /Mất kết nối/);
  await at('field-kind').selectOption({ index: 1 });
  await at('field-audience').selectOption({ index: 1 });
  await at('field-held_on').fill('20/11/2026');
  await at('record-form-submit').click();
  await at('record-drawer').getByText('Không liên lạc được với máy chủ').waitFor();
  assert.equal(await at('field-attended').inputValue(), '17');
  await shotsOf('hub-away');
  await page.reload().catch(() => undefined);  // even a new page keeps the draft; it cannot be loaded now
  await hub('start', 'started');
  await page.goto(`${kUrl}/so-dang-ky/training`);
  await page.locator('[data-testid=shell], [data-testid=username]').first().waitFor({ timeout: kHubBackMs });
  if (await at('username').count() > 0) await signIn(role);
  await at('offline-banner').waitFor({ state: 'detached', timeout: kHubBackMs });
  mayFail = false;
  await at('new-record').click();
  assert.equal(await at('field-attended').inputValue(), '17', 'the draft was kept');
  await at('record-form-submit').click();
  await at('record-details').waitFor();
}

/** A task leads to the form that fulfils it, filled in as far as the duty says; a notice leads to its task. */
async function tasksAndBell() {
  await open('/viec-cua-toi');
  await at('task').first().waitFor();
  await at('task-why').first().click();
  await at('evidence-drawer').waitFor();
  await check('why, from a task');
  await at('drawer-close').click();
  const act = page.locator('[data-testid=task][data-group=month] a[data-testid=task-act][href*="new=1"]').first();
  const register = /so-dang-ky\/(\w+)/.exec(await act.getAttribute('href'))[1];
  await act.click();
  await at('record-form').waitFor();
  assert.equal(new URL(page.url()).pathname, `/so-dang-ky/${register}`);
  await shotsOf('task-act');
  await check('the form of a task');
  await at('drawer-close').click();
  await at('bell').click();
  await at('notice').first().waitFor();
  await shotsOf('bell');
  await check('notices');
  await page.locator('[data-testid=notice][href*="viec="]').first().click();  // beside notices of cases
  await page.waitForURL((url) => url.searchParams.has('viec'));
  await page.locator('.task.marked').waitFor();
  await open('/lich');
  await at('month-after').click();
  await page.waitForURL((url) => url.searchParams.has('thang'));
  await open('/tai-khoan');
  await at('make-calendar').click();
  await at('calendar-address').waitFor();
  await check('the own account');
  await shotsOf('account');
}

/** Ten screens: what is there is shown, a draft outlives the page, the screen is remembered. */
async function firstSteps() {
  await open('/viec-cua-toi');
  await at('start-offer').locator('a').click();
  await at('start-contact').fill('0219 3860 001');
  await page.reload();
  await settled();
  assert.equal(await at('start-contact').inputValue(), '0219 3860 001', 'the first screen keeps its draft, too');
  await at('start-form-submit').click();
  await page.getByText('Đã lưu.').first().waitFor();
  await at('start-next').click();
  await at('field-full_name').fill('Hoàng Văn Thử');
  await page.reload();
  await settled();
  assert.equal(await at('field-full_name').inputValue(), 'Hoàng Văn Thử', 'screen and draft are remembered');
  await at('field-position').fill('Chủ tịch');
  await at('field-since').fill('01/07/2026');
  await at('start-form-submit').click();
  await at('start-there').getByText('Hoàng Văn Thử').waitFor();
  for (let screen = 2; screen <= 9; ++screen) {
    await check(`first steps ${screen}`);
    await shotsOf(`start-${screen}`);
    await at('start-next').click();
    await settled();
  }
  await check('first steps 10');
  await shotsOf('start-10');
  await at('start-done').click();
  await settled();
  assert.equal(await at('start-offer').count(), 0, 'done is done');
}

async function signOffDraft() {
  await open('/co-quan');
  await at('prepare-sign-off').click();
  await page.waitForURL((url) => url.pathname.includes('quarterly_sign_off'));
  await at('figures').waitFor();
  await settled();
  await check('a sign-off');
  assert.equal(await page.locator('[data-testid^=move-]').count(), 0, 'the officer does not sign');
}

async function signOffSigned() {
  await open('/viec-cua-toi');
  await at('waiting-record').locator('a[href*="quarterly_sign_off"]').click();
  await at('move-signed').click();
  await at('field-signed_on').fill('20/11/2026');
  await at('field-signer').fill('Hoàng Văn Thử');
  await at('move-form-submit').click();
  await page.locator('[data-testid=record-state]', { hasText: 'Đã ký' }).waitFor();
  await open('/co-quan');
  await at('sign-offs').getByText('Đã ký ngày 20/11/2026').waitFor();
  await shotsOf('co-quan-signed');
}

/** The line breaks and comes back while a page stands open: the banner goes by itself. */
async function lineBreaks() {
  await open('/toan-canh');
  await page.locator('[data-testid=live-state].live-on').waitFor({ state: 'attached' });
  mayFail = true;
  await page.context().setOffline(true);
  await page.evaluate(() => fetch('/api/v1/health').catch(() => undefined));
  await page.locator('nav.nav a[href="/thiet-bi"]').click();
  await at('offline-banner').waitFor();
  await page.context().setOffline(false);
  await at('offline-banner').waitFor({ state: 'detached', timeout: kHubBackMs });
  await page.locator('[data-testid=live-state].live-on').waitFor({ timeout: kHubBackMs });
  mayFail = false;
}

/** A file is taken in, sealed, packed for hand-over and held; its custody log is shown with the verdict. */
async function evidence() {
  await open('/su-co');
  await page.locator('main a[href^="/su-co/"]').first().click();
  await page.waitForURL((url) => url.pathname.startsWith('/su-co/'));
  const id = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]);
  await open(`/chung-cu?vu=${encodeURIComponent(id)}`);
  await at('take-evidence').click();
  await at('intake-file').setInputFiles({ name: 'truy-cap.log', mimeType: 'text/plain', buffer: Buffer.from('192.0.2.1 GET /shell.php\n'.repeat(200_000)) });
  await at('intake-label').fill('Nhật ký truy cập máy chủ web');
  await at('intake-source').fill('Máy chủ web, phòng máy tầng 2');
  await check('taking evidence in');
  await shotsOf('evidence-intake');
  await at('intake-send').click();
  await page.waitForURL((url) => /^\/chung-cu\/./.test(url.pathname));
  await at('verdict').getByText('Nguyên vẹn').waitFor();
  await at('act-sealed').click();
  await at('act-seal_number').fill('NP-01');
  await check('an act on evidence');
  await shotsOf('evidence-act');
  await at('act-send').click();
  await at('custody').locator('li').nth(1).waitFor();
  await check('an item of evidence');
  await shotsOf('evidence-item');
  await open(`/chung-cu?vu=${encodeURIComponent(id)}`);
  await at('take-evidence').click();
  await at('way-outside').click();
  await at('intake-sha256').fill('ab'.repeat(32));
  await at('intake-kept').fill('Tủ số 2');
  await at('intake-custodian').fill('Trần Thị B');
  await at('intake-label').fill('Ảnh đĩa máy chủ web');
  await at('intake-source').fill('Máy chủ web');
  await at('intake-send').click();
  await page.waitForURL((url) => /^\/chung-cu\/./.test(url.pathname));
  await open(`/chung-cu?vu=${encodeURIComponent(id)}`);
  await at('new-bag').click();
  await at('bag-to').fill('Phòng PA05, Công an tỉnh');
  await at('bag-why').fill('Yêu cầu qua điện thoại');
  await check('a package of evidence');
  await shotsOf('evidence-bag');
  await at('bag-send').click();
  await at('bag').first().waitFor();
  await at('hold-new').click();
  await at('hold-paper').fill('CV 12/CAT-PA05');
  await at('hold-reason').fill('Phục vụ điều tra');
  await at('hold-send').click();
  await at('hold').first().waitFor();
  await settled();
  await check('evidence of a case');
  await shotsOf('evidence-case');
}

// ---- who walks where -----------------------------------------------------------------------------------------------
const kNavigation = ['/viec-cua-toi', '/hang-doi', '/lich', '/toan-canh', '/canh-bao', '/bo-loc-bao-nham', '/dau-hieu', '/nhat-ky', '/su-co', '/tin-bao', '/phoi-hop', '/truc', '/chung-cu', '/bao-su-co',
  '/thong-bao-nguy-co', '/thiet-bi', '/nghia-vu', '/van-ban', '/xep-hang', '/lanh-dao', '/thong-bao-da-gui', '/so-dang-ky', '/giay-to', '/co-quan', '/to-chuc', '/cai-dat', '/quan-tri'];
const kWork = ['/viec-cua-toi', '/toan-canh', '/canh-bao', '/nhat-ky', '/su-co', '/tin-bao', '/phoi-hop', '/truc', '/chung-cu', '/nghia-vu', '/van-ban', '/lich', '/co-quan', '/thiet-bi',
  '/so-dang-ky', '/giay-to', '/to-chuc', '/thong-bao-nguy-co', '/thong-bao-da-gui', '/xep-hang'];

async function walk() {
  await enter('administrator');
  step('administrator');
  await everySection('administrator', [...kWork, '/bo-loc-bao-nham', '/dau-hieu', '/hang-doi', '/lanh-dao', '/cai-dat', '/quan-tri']);
  await overviewAndAlerts();
  await matrixByKeyboard();
  await documentReader();
  await histogram();
  await devices();
  await administration();
  await splitAgency();
  await province();
  await enter('operator');
  step('operator');
  await everySection('operator', [...kWork, '/bo-loc-bao-nham', '/dau-hieu', '/hang-doi', '/lanh-dao', '/cai-dat', '/quan-tri']);
  await falseAlarm();
  await indicators();
  await timeSlider();
  await enter('officer');
  step('officer');
  assert.equal(new URL(page.url()).pathname, '/viec-cua-toi', 'an officer begins with what is owed');
  await everySection('officer', kWork);
  await tasksAndBell();
  await firstSteps();
  await signOffDraft();
  await evidence();
  await answerWarning();
  await createRecord();
  const record = await changeAndUndo();
  await open(record);
  await page.getByText('Bước tiếp theo').waitFor();  // who may move it, and what that needs
  await check('a record that others move');
  await importTable();
  await enterPaper();
  await draftPaper();
  await enter('head');
  step('head');
  await everySection('head', [...kWork.filter((path) => !['/nhat-ky', '/tin-bao'].includes(path)), '/lanh-dao']);
  await onePage('head');
  await moveRecord(record);
  await signOffSigned();
  await enter('partner');
  step('partner');
  await everySection('partner', kWork.filter((path) => !['/canh-bao', '/nhat-ky', '/thiet-bi'].includes(path)));
  await open('/su-co');
  assert.equal(await page.locator('main a[href^="/canh-bao"]').count(), 0, 'nothing offers alerts to somebody who may not see them');
  await warnSome();
  await enter('staff', { viewport: { width: 390, height: 844 }, hasTouch: true });
  step('staff, on a phone');
  await page.locator('main h1', { hasText: 'Báo sự cố' }).waitFor();
  await check('staff');
  await page.getByLabel('Chuyện gì xảy ra?').fill('Máy hiện thông báo đòi tiền chuộc');
  await at('report-form').getByRole('button', { name: 'Gửi báo cáo' }).click();
  await page.getByText('Đã nhận báo cáo').waitFor();
  await shotsOf('staff');
  await enter('officer');
  step('the line breaks, the hub goes away');
  await lineBreaks();
  await hubAway('officer');
}

try {
  await walk();
  assert.deepEqual(wrongs, []);
  console.log('browser: passed');
} catch (error) {
  console.error(error);
  console.error(`at ${page?.url()}; ${JSON.stringify(wrongs, null, 1)}`);
  if (page) await shot('failed').catch(() => undefined);
  process.exitCode = 1;
} finally {
  await browser.close();
}
