// SPDX-License-Identifier: Apache-2.0
// A day as an office writes it, dd/mm/yyyy, typed or picked from the browser's calendar. The browser's own field of dates shows
// them in the order of its language, so it only lends its calendar here.
import { useRef, useState } from 'preact/hooks';
import { dateText } from '../text/format';
import { dayOf, dayText } from '../text/periods';
import { Button } from './parts';

/** What stands in the field is the caller's: also what is not a day yet. */
export function DayField({ common, text, onText }: {
  common: Record<string, unknown>; text: string; onText: (text: string) => void;
}) {
  const picker = useRef<HTMLInputElement>(null);
  const pick = (): void => {
    picker.current!.value = dayOf(text) || dayOf(dateText(Date.now()))!;
    try {
      picker.current!.showPicker();
    } catch {
      // An old browser: the day is typed.
    }
  };
  const canPick = 'showPicker' in HTMLInputElement.prototype && !common.disabled;
  return (
    <span class="with-button">
      <input {...common} value={text} placeholder="dd/mm/yyyy" inputMode="numeric" autocomplete="off" onInput={(e) => onText(e.currentTarget.value)} />
      {canPick && (
        <span class="day-picker-button">
          <input ref={picker} type="date" class="sr-only" tabIndex={-1} aria-hidden="true" onChange={(e) => e.currentTarget.value && onText(dayText(e.currentTarget.value))} />
          <Button icon="calendar" aria-label="Chọn ngày trên lịch" title="Chọn ngày trên lịch" onClick={pick} />
        </span>
      )}
    </span>
  );
}

/** For forms that are read by name: `name` holds YYYY-MM-DD or nothing. What is no day is refused by the form itself. */
export function DayInput({ id, name, day = '', required = false, testid, onDay }: {
  id?: string; name?: string; day?: string; required?: boolean; testid?: string; onDay?: (day: string) => void;
}) {
  const [text, setText] = useState(day ? dayText(day) : '');
  const [shown, setShown] = useState(day);
  if (shown !== day) {  // the caller chose another one
    setShown(day);
    setText(day ? dayText(day) : '');
  }
  const check = (input: HTMLInputElement | null): void => input?.setCustomValidity(dayOf(input.value) === null ? 'Điền ngày dạng 24/07/2026.' : '');
  const change = (next: string): void => {
    setText(next);
    const found = dayOf(next);
    if (found && onDay) onDay(found);
  };
  return (
    <>
      <DayField common={{ id, required, 'data-testid': testid, ref: check }} text={text} onText={change} />
      {name && <input type="hidden" name={name} value={dayOf(text) ?? ''} />}
    </>
  );
}
