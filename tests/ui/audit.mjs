// SPDX-License-Identifier: Apache-2.0
// What somebody who cannot see well, has no mouse or holds a telephone would stumble over, found by looking at the page as it
// stands in the browser: controls without a name, headings out of order, landmarks, contrast by WCAG 2.1 AA, text that is cut
// off, a page wider than the screen, rows that the keyboard cannot open, English dates. Used by walk.mjs on every page, in both
// themes and at the width of a telephone. audit-test.mjs shows that each of them is found.

/** Runs in the page. @returns sentences, empty when all is well. */
function look({ contrast, width }) {
  const found = [];
  const say = (what, element) => {
    const text = (element?.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 60);
    const place = element ? ` <${element.tagName.toLowerCase()}${element.className && typeof element.className === 'string' ? ` class="${element.className}"` : ''}> "${text}"` : '';
    if (found.length < 40) found.push(what + place);
  };
  const dialog = document.querySelector('dialog[open]');
  const root = dialog ?? document.body;
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;
  const hiddenFromSight = (e) => !!e.closest('.sr-only, .skip') || (e.offsetWidth <= 1 && e.offsetHeight <= 1);
  const all = (selector) => [...root.querySelectorAll(selector)].filter(shown);

  // ---- names -------------------------------------------------------------------------------------------------------
  const textOf = (e) => {
    if (e.getAttribute?.('aria-hidden') === 'true') return '';
    if (e.getAttribute?.('aria-label')) return e.getAttribute('aria-label');
    if (e.tagName === 'IMG') return e.alt;
    return [...e.childNodes].map((n) => (n.nodeType === 3 ? n.data : n.nodeType === 1 ? textOf(n) : '')).join(' ');
  };
  const nameOf = (e) => {
    const by = e.getAttribute('aria-labelledby');
    if (by) return by.split(/\s+/).map((id) => textOf(document.getElementById(id) ?? document.createElement('i'))).join(' ').trim();
    if (e.getAttribute('aria-label')) return e.getAttribute('aria-label').trim();
    if (['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName)) {
      return [...(e.labels ?? [])].map(textOf).join(' ').trim() || e.title.trim();
    }
    return textOf(e).trim() || (e.getAttribute('title') ?? '').trim();
  };
  const kControls = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link], [role=application], [tabindex="0"]';
  for (const e of all(kControls)) {
    if (e.closest('[aria-hidden=true]')) {
      if (e.tabIndex >= 0) say('can be reached by Tab and is hidden from screen readers', e);
      continue;
    }
    if (!nameOf(e)) say('a control without a name', e);
    if (e.tabIndex > 0) say('an own place in the order of Tab', e);
    if (e.type === 'date' && e.tabIndex >= 0) say('a date in the order of the browser\'s language', e);
  }
  for (const e of all('svg')) {
    if (e.getAttribute('aria-hidden') !== 'true' && !nameOf(e)) say('a picture without a name', e.parentElement);
  }
  for (const e of all('th')) if (textOf(e).trim() === '') say('a heading cell without text', e.closest('tr'));
  for (const e of all('fieldset')) if (!e.querySelector(':scope > legend')) say('a group of fields without a legend', e);
  for (const e of all('dialog, section[aria-labelledby], nav, [role=region], [role=group]')) {
    if (!e.hasAttribute('aria-label') && !e.hasAttribute('aria-labelledby') || !nameOf(e)) say('a region without a name', e);
  }

  // ---- ids, headings, landmarks ------------------------------------------------------------------------------------
  const ids = new Map();
  for (const e of document.querySelectorAll('[id]')) ids.set(e.id, (ids.get(e.id) ?? 0) + 1);
  for (const [id, count] of ids) if (count > 1) say(`${count} elements have the id ${id}`);
  for (const e of all('[aria-describedby], [aria-labelledby]')) {
    for (const id of `${e.getAttribute('aria-describedby') ?? ''} ${e.getAttribute('aria-labelledby') ?? ''}`.split(/\s+/).filter(Boolean)) {
      if (!ids.has(id)) say(`names ${id}, which is not there`, e);
    }
  }
  const main = document.querySelector('main');
  if (document.documentElement.lang !== 'vi') say('the language of the page is not said');
  if (document.title.trim() === '') say('the page has no title');
  if (document.querySelectorAll('main').length !== 1) say('not one main part');
  const navs = [...document.querySelectorAll('nav')].filter(shown).map(nameOf);
  if (new Set(navs).size !== navs.length) say(`navigations of one name: ${navs.join(', ')}`);
  const place = dialog ?? main;
  const headings = [...place.querySelectorAll('h1, h2, h3, h4')].filter(shown).filter((e) => dialog || !e.closest('dialog'));
  let before = dialog ? 1 : 0;
  for (const e of headings) {
    const level = Number(e.tagName[1]);
    if (level > before + 1) say(`a heading of level ${level} after level ${before}`, e);
    before = level;
  }
  if (!dialog && headings.filter((e) => e.tagName === 'H1').length !== 1) say('not one main heading');

  // ---- rows by keyboard --------------------------------------------------------------------------------------------
  for (const row of all('[data-row]')) {
    const acts = [...row.querySelectorAll('a[href], button')].filter((e) => e.closest('[data-row]') === row);
    if (acts.length > 0 && !acts.some((e) => e.hasAttribute('data-primary'))) say('a row that Enter does not open', row);
  }
  for (const row of all('main table tbody tr, dialog[open] table tbody tr')) {
    const acts = [...row.querySelectorAll('td a[href], td button, th a[href]')].filter((e) => !e.closest('.event-detail, .month, .figures'));
    if (acts.length > 0 && !row.hasAttribute('data-row') && !row.matches('.expanded, .group, .fields tr, .month tr, .figures tr')) say('a row that j and k do not reach', row);
  }

  // ---- what does not fit -------------------------------------------------------------------------------------------
  if (width) {
    const wide = document.documentElement;
    if (wide.scrollWidth > wide.clientWidth + 1) {
      say(`the page is ${wide.scrollWidth - wide.clientWidth} px wider than the screen`);
      for (const e of all('*')) {
        if (e.getBoundingClientRect().right > wide.clientWidth + 1 && ![...e.children].some((c) => c.getBoundingClientRect().right > wide.clientWidth + 1)) say('  reaches beyond', e);
      }
    }
    for (const e of all('button, .button, input:not([type=checkbox]):not([type=radio]), select, summary')) {
      const box = e.getBoundingClientRect();
      if (!hiddenFromSight(e) && (box.height < 24 || box.width < 24) && !e.matches('.term, .expand')) say(`too small to touch: ${Math.round(box.width)} x ${Math.round(box.height)} px`, e);
    }
  }
  for (const e of all('*')) {
    const style = getComputedStyle(e);
    const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (hides && own && e.scrollWidth > e.clientWidth + 1 && !hiddenFromSight(e) && !e.title && !e.closest('[title]')) say('text that is cut off', e);
  }

  // ---- colours -----------------------------------------------------------------------------------------------------
  if (contrast) {
    const parse = (text) => {
      const m = /rgba?\(([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)(?:[ ,/]+([\d.]+%?))?\)/.exec(text);
      if (!m) return [0, 0, 0, 0];
      const alpha = m[4] === undefined ? 1 : m[4].endsWith('%') ? Number(m[4].slice(0, -1)) / 100 : Number(m[4]);
      return [Number(m[1]), Number(m[2]), Number(m[3]), alpha];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const groundOf = (e) => {
      const layers = [];
      for (let at = e; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour[3] > 0) layers.push(colour);
        if (colour[3] === 1) break;
      }
      return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const light = (c) => {
      const [r, g, b] = c.slice(0, 3).map((v) => { const s = v / 255; return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
    const fade = (e) => { let f = 1; for (let at = e; at; at = at.parentElement) f *= Number(getComputedStyle(at).opacity); return f; };
    const seen = new Set();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const e = node.parentElement;
      if (!node.data.trim() || seen.has(e) || !shown(e) || hiddenFromSight(e) || e.closest(':disabled, option, svg')) continue;
      seen.add(e);
      const style = getComputedStyle(e);
      const ground = groundOf(e);
      const colour = parse(style.color);
      const r = ratio(over([...colour.slice(0, 3), colour[3] * fade(e)], ground), ground);
      const size = Number.parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (r < (large ? 3 : 4.5)) say(`contrast ${r.toFixed(2)}`, e);
    }
    for (const e of all('input:not([type=checkbox]):not([type=radio]):not([type=range]), select, textarea')) {
      const style = getComputedStyle(e);
      if (e.disabled || e.readOnly || hiddenFromSight(e)) continue;
      const around = groundOf(e.parentElement);
      const edge = Number.parseFloat(style.borderTopWidth) > 0 ? ratio(over(parse(style.borderTopColor), around), around) : 1;
      const fill = ratio(groundOf(e), around);
      if (Math.max(edge, fill) < 3 && !e.closest('.quick')) say(`the edge of a field: contrast ${Math.max(edge, fill).toFixed(2)}`, e);
    }
  }
  return found;
}

/** @param options contrast: measure colours; width: the page must fit, and what is touched is large enough. */
export function audit(page, options = {}) {
  return page.evaluate(look, { contrast: true, width: false, ...options });
}

/** Tab through the page: every stop is in sight and shows that it has the focus. @returns sentences. */
export async function auditTab(page, stops = 30) {
  const found = [];
  await page.evaluate(() => { document.activeElement?.blur?.(); window.scrollTo(0, 0); });
  for (let i = 0; i < stops; ++i) {
    await page.keyboard.press('Tab');
    const wrong = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return 'end';
      const box = e.getBoundingClientRect();
      const style = getComputedStyle(e);
      const what = `<${e.tagName.toLowerCase()}> "${(e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 40)}"`;
      const clipped = e.closest('.sr-only');
      const ring = (x) => { const s = getComputedStyle(x); return s.outlineStyle !== 'none' && Number.parseFloat(s.outlineWidth) > 0; };
      if (!ring(e) && !(clipped && e.closest('label') && ring(e.closest('label')))) return `no ring around ${what}`;
      if (clipped && !e.closest('label')) return `the focus is on something unseen: ${what}`;
      if (style.visibility === 'hidden' || box.bottom < 0 || box.top > innerHeight) return `out of sight: ${what}`;
      return '';
    });
    if (wrong === 'end') break;
    if (wrong) found.push(wrong);
  }
  return found;
}
