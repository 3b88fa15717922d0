// SPDX-License-Identifier: Apache-2.0
// Terms of a document inside its text: a button that opens the meaning right after the sentence. Works by keyboard, is read
// out, stays open while one reads and is there on paper when it was open.
import { useId, useState } from 'preact/hooks';
import type { DocumentTerm } from '../api/types';

export interface Piece {
  text: string;
  term?: DocumentTerm;
}

/** What a text calls a term: "mạng tin học diện rộng (WAN)" is also "WAN" and "mạng tin học diện rộng". */
export function namesOf(term: string): string[] {
  const short = /^(.*?)\s*\((.+)\)$/.exec(term);
  return short ? [short[1]!, short[2]!] : [term];
}

/** The text in pieces; each term where it first stands, the longest name wins. */
export function withTerms(text: string, terms: DocumentTerm[]): Piece[] {
  const lower = text.toLocaleLowerCase('vi');
  const letter = /[\p{L}\p{N}]/u;
  const found: { at: number; length: number; term: DocumentTerm }[] = [];
  const names = terms.flatMap((term) => namesOf(term.term).map((name) => ({ name: name.toLocaleLowerCase('vi'), term })))
    .sort((a, b) => b.name.length - a.name.length);
  for (const { name, term } of names) {
    if (name.length < 2 || found.some((f) => f.term === term)) continue;
    for (let at = lower.indexOf(name); at >= 0; at = lower.indexOf(name, at + 1)) {
      const inside = letter.test(lower[at - 1] ?? ' ') || letter.test(lower[at + name.length] ?? ' ');
      if (inside || found.some((f) => at < f.at + f.length && f.at < at + name.length)) continue;
      found.push({ at, length: name.length, term });
      break;
    }
  }
  const pieces: Piece[] = [];
  let from = 0;
  for (const { at, length, term } of found.sort((a, b) => a.at - b.at)) {
    if (at > from) pieces.push({ text: text.slice(from, at) });
    pieces.push({ text: text.slice(at, at + length), term });
    from = at + length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

export function TermText({ text, terms }: { text: string; terms: DocumentTerm[] }) {
  const [open, setOpen] = useState<string | null>(null);
  const id = useId();
  const pieces = withTerms(text, terms);
  const shown = pieces.find((p) => p.term?.id === open)?.term;
  return (
    <>
      {pieces.map((p, i) => !p.term ? p.text : (
        <dfn key={i}><button type="button" class="term" aria-expanded={open === p.term.id} aria-controls={id} data-testid="term"
                             onClick={() => setOpen(open === p.term!.id ? null : p.term!.id)}>{p.text}</button></dfn>
      ))}
      <span id={id} role="status" class={shown ? 'term-meaning' : 'sr-only'} data-testid="term-meaning">
        {shown && <><b>{shown.term}:</b> {shown.meaning}</>}
      </span>
    </>
  );
}
