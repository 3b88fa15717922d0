// SPDX-License-Identifier: Apache-2.0
// The search box with completion of field names and, after "field:", of that field's most frequent values.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { numberText, fold } from '../text/format';
import type { ValueCount } from '../api/types';
import { Icon } from '../ui/icon';
import { inert } from '../ui/inert';
import { quoted, wordAt } from './query-text';

interface Props {
  value: string;
  error: { text: string; position: number | null } | null;
  fields: ValueCount[];
  loadValues: (field: string) => Promise<ValueCount[]>;
  onSearch: (text: string) => void;
}

interface Choice {
  text: string;
  count: number;
  insert: string;
}

const kMaxChoices = 10;
const kNobody = '';  // no offer is awaited: one that comes late is dropped

export function QueryBar({ value, error, fields, loadValues, onSearch }: Props) {
  const [text, setText] = useState(value);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(kNobody);
  const id = useId();
  useEffect(() => setText(value), [value]);
  const offer = async (now: string): Promise<void> => {
    const word = wordAt(now, input.current?.selectionStart ?? now.length);
    const wish = JSON.stringify(word);
    asked.current = wish;
    let list: Choice[];
    if (word.field === null) {
      const wanted = fold(word.text);
      list = wanted === '' ? [] : fields.filter((f) => fold(f.value).includes(wanted))
        .sort((a, b) => Number(fold(b.value).startsWith(wanted)) - Number(fold(a.value).startsWith(wanted)))
        .map((f) => ({ text: f.value, count: f.count, insert: `${f.value}:` }));
    } else {
      const wanted = fold(word.text);
      const values = await loadValues(word.field).catch(() => []);
      list = values.filter((v) => fold(v.value).includes(wanted)).map((v) => ({ text: v.value, count: v.count, insert: `${quoted(v.value)} ` }));
    }
    if (asked.current !== wish) return;
    setChoices(list.slice(0, kMaxChoices));
    setAt(-1);
  };
  const forget = (): void => {
    asked.current = kNobody;
    setChoices([]);
  };
  const take = (choice: Choice): void => {
    const word = wordAt(text, input.current?.selectionStart ?? text.length);
    const next = text.slice(0, word.start) + choice.insert + text.slice(word.end);
    const caret = word.start + choice.insert.length;
    setText(next);
    forget();
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(caret, caret);
      if (choice.insert.endsWith(':')) void offer(next);
    });
  };
  const keys = (event: KeyboardEvent): void => {
    if (choices.length > 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const by = event.key === 'ArrowDown' ? 1 : -1;
      setAt((at + by + choices.length) % choices.length);
    } else if (choices.length > 0 && (event.key === 'Tab' || (event.key === 'Enter' && at >= 0)) && !event.shiftKey) {
      event.preventDefault();
      take(choices[Math.max(0, at)]!);
    } else if (event.key === 'Escape') {
      asked.current = kNobody;
      if (choices.length > 0) setChoices([]);
      else input.current?.blur();
    }
  };
  return (
    <form class="query" role="search" onSubmit={(e) => { e.preventDefault(); forget(); onSearch(text.trim()); }}>
      <div class="query-box">
        <Icon name="search" size={18} />
        <input ref={input} data-search data-testid="search-box" value={text} spellcheck={false} autocomplete="off" autocapitalize="none"
               role="combobox" aria-expanded={choices.length > 0} aria-controls={id} aria-autocomplete="list" aria-label="Biểu thức tìm kiếm"
               aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} aria-invalid={error ? true : undefined}
               placeholder='outcome:failure user:root "mật khẩu"'
               onInput={(e) => { setText(e.currentTarget.value); void offer(e.currentTarget.value); }}
               onKeyDown={keys} onBlur={() => { asked.current = kNobody; window.setTimeout(() => setChoices([]), 150); }} />
        {choices.length > 0 && (
          <ul class="choices" id={id} role="listbox" data-testid="completions">
            {choices.map((c, i) => (
              <li key={c.text} id={`${id}-${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => { e.preventDefault(); take(c); }}>
                <span class="mono">{inert(c.text)}</span><span class="muted num">{numberText(c.count)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <button type="submit" class="main" data-testid="search-submit">Tìm</button>
      {error && (
        <p class="query-error" role="alert">{error.text}
          {error.position !== null && <code>{text.slice(0, error.position)}<mark>{text.slice(error.position, error.position + 1) || ' '}</mark>{text.slice(error.position + 1)}</code>}</p>
      )}
    </form>
  );
}
