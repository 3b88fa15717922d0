// SPDX-License-Identifier: Apache-2.0
// The little that the portal knows of the search language: how to write one condition, and which word the caret is in.
// The hub parses; a mistake comes back with its position. Pure.

/** A value as it must be written: bare when harmless, else in double quotes. */
export function quoted(value: string): string {
  if (/^[\p{L}\p{N}_.@-]+$/u.test(value) && !/^(and|or|not|và|hoặc|không)$/iu.test(value) && !value.startsWith('-')) return value;
  return `"${value.replace(/[\\"]/g, (c) => `\\${c}`)}"`;
}

export function condition(field: string, value: string, not: boolean): string {
  return `${not ? '-' : ''}${field}:${quoted(value)}`;
}

/** Side by side means both; a query with an "or" in it is put in brackets first. */
export function withCondition(query: string, field: string, value: string, not: boolean): string {
  const added = condition(field, value, not);
  const text = query.trim();
  if (text === '') return added;
  if (text === added || text.endsWith(` ${added}`) || text.startsWith(`${added} `)) return text;
  return `${/(^|\s)(or|OR|HOẶC)(\s|$)/u.test(text) ? `(${text})` : text} ${added}`;
}

const kOr = /(^|[\s)])(or|HOẶC)(?=[\s(]|$)/iu;

/**
 * The query without what machines measured about themselves, which would flood the page, unless it asks for that. `shift` is how
 * many characters now stand in front of what the person typed: the hub reports mistakes by position.
 */
export function withoutFacts(query: string): { sent: string; shift: number } {
  if (/\bfact\.|phendau\/fact/i.test(query)) return { sent: query, shift: 0 };
  if (query.trim() === '') return { sent: '-fact.kind:*', shift: 0 };
  return kOr.test(query) ? { sent: `(${query}) -fact.kind:*`, shift: 1 } : { sent: `${query} -fact.kind:*`, shift: 0 };
}

export interface Word {
  field: string | null;
  text: string;
  start: number;
  end: number;
}

/** The word around the caret: a field name that is being typed, or a value with its field. */
export function wordAt(query: string, caret: number): Word {
  const before = query.slice(0, caret);
  const open = /([\w.@-]+):"([^"]*)$/.exec(before);
  if (open) return { field: open[1]!, text: open[2]!, start: caret - open[2]!.length - 1, end: caret };
  const plain = /(?:([\w.@-]+):)?([^\s():"]*)$/.exec(before)!;
  const text = plain[2]!;
  const rest = /^[^\s():"]*/.exec(query.slice(caret))![0];
  return { field: plain[1] ?? null, text, start: caret - text.length, end: caret + rest.length };
}

/** An offset in characters (what the hub reports) to an index of the text. */
export function indexOfCharacter(text: string, offset: number): number {
  return [...text].slice(0, Math.max(0, offset)).join('').length;
}
