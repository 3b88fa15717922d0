// SPDX-License-Identifier: Apache-2.0
// What the walks share: the browser, signing in, and a page at the widths of a screen and of a telephone.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

/** Chromium that asks nobody on its own. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.PHENDAU_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** On the page that asks for it. */
export async function signIn(page, user, password) {
  await page.getByTestId('username').fill(user);
  await page.getByTestId('password').fill(password);
  await page.getByTestId('sign-in').click();
}

/** Nothing stands out at either width; pictures go to PHENDAU_WALK_SHOTS, if set. */
export async function atBothWidths(page, name) {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!wide, `${name} is wider than ${width} px`);
    const folder = process.env.PHENDAU_WALK_SHOTS;
    if (folder) await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}
