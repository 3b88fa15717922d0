// SPDX-License-Identifier: Apache-2.0
// A form from a JSON Schema of a pack: one column, label above, example under the label, error beside the field and a
// summary on top, drafts kept. Knows what packs use: text, long text, choice, several choices, number, yes/no, date-time, period.
import { useId, useRef, useState } from 'preact/hooks';
import { dateText, parseTime, timeText } from '../text/format';
import { dayOf, periodOf, periodText } from '../text/periods';
import { choiceWords } from '../text/words';
import { DayField } from './day-input';
import { dropDraft, readDraft, writeDraft } from './draft';
import { localHash } from './hash';
import { Icon } from './icon';
import { Button } from './parts';
import { RefSelect } from './ref-select';

export type Schema = Record<string, unknown>;
export type Doc = Record<string, unknown>;

/** A text, or the Vietnamese one of {vi, en}. */
function words(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value && typeof value === 'object' && 'vi' in value) return String((value as { vi: unknown }).vi);
  return '';
}

export interface Field {
  name: string;
  /** named: a text for which the pack has words, and any other; period: "2026-11", said as "tháng 11/2026". */
  kind: 'text' | 'long' | 'choice' | 'choices' | 'named' | 'number' | 'yes' | 'time' | 'date' | 'period' | 'hash' | 'list' | 'ref';
  title: string;
  hint: string;
  required: boolean;
  choices: { value: string; word: string }[];
  least?: number;
  pattern?: string;
  /** Kind of the record that the value names. */
  ref?: string;
  /** Register whose addressee it names. */
  sends?: string | undefined;
  /** Of one row, when the field is a list of things. */
  parts?: Field[];
  most?: number;
}

/** Packs put the words of choices beside the choices, or, for several choices, beside the list of them. */
function choicesOf(property: Schema, outer: Schema = {}): { value: string; word: string }[] {
  const labels = [property, outer].map((p) => p['x-titles-vi'] ?? p['x-labels'] ?? p['x-enum-titles']).find((l) => l !== undefined) as
    Record<string, unknown> | unknown[] | undefined ?? {};
  if (Array.isArray(property.enum)) {
    return property.enum.map((value, i) => ({ value: String(value),
      word: words(Array.isArray(labels) ? labels[i] : labels[String(value)]) || choiceWords[String(value)] || String(value) }));
  }
  const options = property.oneOf ?? property.anyOf;
  if (Array.isArray(options)) {
    // Other alternatives are forms of one text (an IPv4 or an IPv6 address), not choices.
    return (options as Schema[]).filter((o) => o.const !== undefined).map((o) => ({ value: String(o.const), word: words(o.title) || String(o.const) }));
  }
  return [];
}

/** Words of values that are not the only ones: x-titles-vi without an enum. */
function namesOf(property: Schema): { value: string; word: string }[] {
  if (property.type !== 'string' || Array.isArray(property.enum) || typeof property['x-titles-vi'] !== 'object') return [];
  return Object.entries(property['x-titles-vi'] as Record<string, unknown>).map(([value, word]) => ({ value, word: words(word) || value }));
}

const kPeriodPattern = 'Q[1-4]';  // only periods have it
const kPeriodExample = /\s*Ví dụ: .*$/;

export function fieldsOf(schema: Schema): Field[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = (schema.required ?? []) as string[];
  const order = (schema['x-order'] ?? Object.keys(properties)) as string[];
  // What the hub fills in is not typed.
  return order.filter((name) => properties[name] && properties[name]['x-frozen'] !== true).map((name) => {
    const p = properties[name]!;
    const named = namesOf(p);
    const choices = named.length > 0 ? named : p.type === 'array' ? choicesOf((p.items ?? {}) as Schema, p) : choicesOf(p);
    const isPeriod = p.type === 'string' && String(p.pattern ?? '').includes(kPeriodPattern);
    const format = String(p.format ?? '');
    const example = Array.isArray(p.examples) && p.examples.length > 0 ? `Ví dụ: ${String(p.examples[0])}` : '';
    const long = p['x-multiline'] === true || p.format === 'textarea' || Number(p.maxLength ?? 0) > 300;
    const items = (p.items ?? {}) as Schema;
    const ref = typeof p['x-ref'] === 'string' && p.type !== 'array' ? p['x-ref'] : undefined;
    const kind: Field['kind'] = ref ? 'ref' : p.type === 'boolean' ? 'yes' : p.type === 'array' && items.type === 'object' ? 'list' : p.type === 'array' && choices.length > 0 ? 'choices'
      : named.length > 0 ? 'named' : choices.length > 0 ? 'choice' : isPeriod ? 'period' : String(p.pattern ?? '').includes('[0-9a-f]{64}') ? 'hash' : p.type === 'number' || p.type === 'integer' ? 'number'
      : format === 'date-time' ? 'time' : format === 'date' ? 'date' : long ? 'long' : 'text';
    const help = words(p['x-help-vi'] ?? p.description);
    const hint = isPeriod ? `${help.replace(kPeriodExample, '')} Ví dụ: tháng 11/2026, quý IV/2026, năm 2026`.trim() : [help, example].filter(Boolean).join('. ');
    return { name, kind, title: words(p.title) || name, ref, hint, sends: p['x-addressees'] as string | undefined,
             required: required.includes(name), choices, least: p.minLength as number | undefined, most: p.maxLength as number | undefined,
             pattern: p.pattern as string | undefined, parts: kind === 'list' ? fieldsOf(items) : undefined };
  });
}

/** What stands in the inputs: texts, except yes/no and several choices. */
export interface Inputs {
  [name: string]: string | boolean | string[] | Inputs[];
}

export function toInputs(fields: Field[], doc: Doc): Inputs {
  const inputs: Inputs = {};
  for (const f of fields) {
    const value = doc[f.name];
    if (f.kind === 'yes') inputs[f.name] = value === true;
    else if (f.kind === 'list') inputs[f.name] = Array.isArray(value) ? value.map((row) => toInputs(f.parts!, row as Doc)) : [];
    else if (f.kind === 'choices') inputs[f.name] = Array.isArray(value) ? value.map(String) : [];
    else if (value === undefined || value === null) inputs[f.name] = '';
    else if (f.kind === 'time') inputs[f.name] = timeText(String(value));
    else if (f.kind === 'date') inputs[f.name] = dateText(String(value));
    else if (f.kind === 'period') inputs[f.name] = periodText(String(value)) || String(value);
    else inputs[f.name] = String(value);
  }
  return inputs;
}

/** With `draft`, empty fields are no mistake. */
export function toDoc(fields: Field[], inputs: Inputs, draft = false): { doc: Doc; errors: Record<string, string> } {
  const doc: Doc = {};
  const errors: Record<string, string> = {};
  for (const f of fields) {
    const value = inputs[f.name];
    if (f.kind === 'yes') doc[f.name] = value === true;
    else if (f.kind === 'list') {
      const rows = (value as Inputs[]).map((row) => toDoc(f.parts!, row, draft));
      const wrong = rows.findIndex((row) => Object.keys(row.errors).length > 0);
      const [part, reason] = wrong < 0 ? [] : Object.entries(rows[wrong]!.errors)[0]!;
      if (wrong >= 0) errors[f.name] = `Dòng ${wrong + 1}, ${f.parts!.find((p) => p.name === part)?.title ?? ''}: ${reason}`;
      else if (rows.length > 0) doc[f.name] = rows.map((row) => row.doc);
      else if (f.required && !draft) errors[f.name] = 'Thêm ít nhất một dòng.';
    } else if (f.kind === 'choices') {
      if ((value as string[]).length > 0) doc[f.name] = value;
      else if (f.required && !draft) errors[f.name] = 'Chọn ít nhất một mục.';
    } else {
      const text = String(value ?? '').trim();
      if (text === '') {
        if (f.required && !draft) errors[f.name] = f.kind === 'choice' || f.kind === 'named' || f.kind === 'ref' ? 'Chọn một mục.' : 'Điền mục này.';
      } else if (f.kind === 'number') {
        const n = Number(text.replace(/\./g, '').replace(',', '.'));
        if (Number.isFinite(n)) doc[f.name] = n;
        else errors[f.name] = 'Điền một số, ví dụ 12 hoặc 1.234,5.';
      } else if (f.kind === 'time') {
        const time = parseTime(text);
        if (time) doc[f.name] = time;
        else errors[f.name] = 'Điền ngày giờ dạng 24/07/2026 09:30.';
      } else if (f.kind === 'date') {
        const day = dayOf(text);
        if (day) doc[f.name] = day;
        else errors[f.name] = 'Điền ngày dạng 24/07/2026.';
      } else if (f.kind === 'period') {
        const period = periodOf(text);
        if (period && (!f.pattern || new RegExp(f.pattern, 'u').test(period))) doc[f.name] = period;
        else errors[f.name] = 'Điền kỳ dạng tháng 11/2026, quý IV/2026 hoặc năm 2026.';
      } else if (f.least !== undefined && text.length < f.least) errors[f.name] = `Viết ít nhất ${f.least} ký tự.`;
      else if (f.pattern && !new RegExp(f.pattern, 'u').test(text)) errors[f.name] = f.pattern.includes('{64}') ? 'Mã SHA-256 gồm 64 chữ số và chữ a đến f.' : 'Chưa đúng dạng; xem ví dụ bên trên.';
      else doc[f.name] = text;
    }
  }
  return { doc, errors };
}

/** Nothing to read on paper. */
function isEmpty(value: Inputs[string] | undefined): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** The digest of a file that stays on this machine: nobody types 64 digits. */
function HashField({ f, common, text, put }: { f: Field; common: Record<string, unknown>; text: string; put: (value: string) => void }) {
  const [problem, setProblem] = useState('');
  const read = async (file: File): Promise<void> => {
    const digest = await localHash(file);
    setProblem(digest ? '' : 'Tệp lớn quá hoặc trình duyệt không tính được; dán mã đã tính sẵn vào ô.');
    if (digest) put(digest);
  };
  return (
    <>
      <span class="with-button">
        <input {...common} class="mono" value={text} onInput={(e) => put(e.currentTarget.value)} />
        {common.disabled !== true && (
          <label class="button choose"><Icon name="file" size={16} />Tính từ tệp
            <input type="file" class="sr-only" aria-label={`${f.title}: tính từ tệp`} onChange={(e) => { const file = e.currentTarget.files?.[0]; if (file) void read(file); e.currentTarget.value = ''; }} /></label>)}
      </span>
      {problem && <span class="field-error" role="alert">{problem}</span>}
    </>
  );
}

const kOther = ' ';  // no value of a pack

/** One of the names that the pack knows, or another one that is typed. */
function NamedText({ f, common, text, put }: { f: Field; common: Record<string, unknown>; text: string; put: (value: string) => void }) {
  const known = f.choices.some((c) => c.value === text);
  const [other, setOther] = useState(text !== '' && !known);
  return (
    <>
      <select {...common} value={other ? kOther : text} onChange={(e) => {
        const value = e.currentTarget.value;
        setOther(value === kOther);
        put(value === kOther ? '' : value);
      }}>
        <option value="">Chọn…</option>
        {f.choices.map((c) => <option key={c.value} value={c.value}>{c.word}</option>)}
        <option value={kOther}>Loại khác…</option>
      </select>
      {other && <input class="other" aria-label={`${f.title}: tên loại khác`} placeholder="Ghi tên thường gọi" maxLength={f.most} disabled={common.disabled === true} value={text}
                       data-testid={`${String(common['data-testid'])}-other`} onInput={(e) => put(e.currentTarget.value)} />}
    </>
  );
}

interface Props {
  id: string;
  schema: Schema;
  doc: Doc;
  disabled?: boolean;
  submitLabel: string;
  testid?: string;
  serverErrors?: Record<string, string>;
  onSubmit: (doc: Doc) => Promise<boolean>;
  /** Keeps an unfinished form in the case itself. */
  onSave?: (doc: Doc) => Promise<boolean>;
}

export function SchemaForm({ id, schema, doc, disabled = false, submitLabel, testid, serverErrors = {}, onSubmit, onSave }: Props) {
  const fields = fieldsOf(schema);
  const [inputs, setInputs] = useState<Inputs>(() => ({ ...toInputs(fields, doc), ...readDraft<Inputs>(id) }));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const dom = useId();  // the draft's id may hold anything
  const shownErrors = { ...serverErrors, ...errors };
  const set = (name: string, value: Inputs[string]): void => {
    const next = { ...inputs, [name]: value };
    setInputs(next);
    writeDraft(id, next);
  };
  const saveDraft = async (): Promise<void> => {
    const result = toDoc(fields, inputs, true);
    setErrors(result.errors);
    if (Object.keys(result.errors).length > 0) return;
    setBusy(true);
    if (await onSave!(result.doc)) dropDraft(id);
    setBusy(false);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const result = toDoc(fields, inputs);
    setErrors(result.errors);
    if (Object.keys(result.errors).length > 0) {
      const first = fields.find((f) => result.errors[f.name]);
      form.current?.querySelector<HTMLElement>(`[name="${first?.name ?? ''}"]`)?.focus();
      return;
    }
    setBusy(true);
    if (await onSubmit(result.doc)) dropDraft(id);
    setBusy(false);
  };
  /** One field with what stands in it; rows of a list use it, too. */
  const control = (f: Field, common: Record<string, unknown>, value: Inputs[string] | undefined, put: (value: string) => void) => {
    const text = String(value ?? '');
    switch (f.kind) {
      case 'long': return <textarea {...common} rows={4} maxLength={f.most} value={text} onInput={(e) => put(e.currentTarget.value)} />;
      case 'ref': return <RefSelect kind={f.ref!} sends={f.sends} caseId={String(doc.case_id ?? '')} value={text} common={common} onChange={put} />;
      case 'choice': return (
        <select {...common} value={text} onChange={(e) => put(e.currentTarget.value)}>
          <option value="">Chọn…</option>
          {f.choices.map((c) => <option key={c.value} value={c.value}>{c.word}</option>)}
        </select>);
      case 'named': return <NamedText f={f} common={common} text={text} put={put} />;
      case 'time': return (
        <span class="with-button">
          <input {...common} value={text} placeholder="dd/mm/yyyy hh:mm" inputMode="numeric" onInput={(e) => put(e.currentTarget.value)} />
          {!disabled && <Button onClick={() => put(timeText(Date.now()))} data-testid={`now-${f.name}`}>Bây giờ</Button>}
        </span>);
      case 'hash': return <HashField f={f} common={common} text={text} put={put} />;
      case 'date': return <DayField common={common} text={text} onText={put} />;
      case 'number': return <input {...common} value={text} inputMode="decimal" onInput={(e) => put(e.currentTarget.value)} />;
      default: return <input {...common} value={text} maxLength={f.kind === 'period' ? undefined : f.most} onInput={(e) => put(e.currentTarget.value)} />;
    }
  };
  const describedBy = (f: Field): string | undefined => [f.hint && `${dom}-${f.name}-hint`, shownErrors[f.name] && `${dom}-${f.name}-error`].filter(Boolean).join(' ') || undefined;
  const commonOf = (f: Field): Record<string, unknown> => ({
    name: f.name, id: `${dom}-${f.name}`, disabled, 'data-testid': `field-${f.name}`, 'aria-required': f.required || undefined,
    'aria-invalid': shownErrors[f.name] ? true : undefined, 'aria-describedby': describedBy(f) });
  const rowsOf = (f: Field) => {
    const rows = (inputs[f.name] ?? []) as Inputs[];
    const change = (i: number, name: string, value: string): void => set(f.name, rows.map((row, k) => (k === i ? { ...row, [name]: value } : row)));
    const partId = (i: number, part: Field): string => `${dom}-${f.name}-${i}-${part.name}`;
    return (
      <fieldset disabled={disabled} class="rows"><legend>{f.title}{!f.required && <span class="muted"> (nếu có)</span>}</legend>
        {f.hint && <span class="hint">{f.hint}</span>}
        {rows.map((row, i) => (
          <div class="row" key={i} data-testid={`row-${f.name}`}>
            {f.parts!.map((part) => (
              <div class="field" key={part.name}><label for={partId(i, part)}>{part.title}{!part.required && <span class="muted"> (nếu có)</span>}</label>
                {control(part, { id: partId(i, part), name: `${f.name}.${i}.${part.name}`, disabled, 'data-testid': `field-${f.name}-${i}-${part.name}` },
                         row[part.name], (value) => change(i, part.name, value))}</div>
            ))}
            {!disabled && <Button kind="text" onClick={() => set(f.name, rows.filter((_, k) => k !== i))}>Bỏ dòng {i + 1}</Button>}
          </div>
        ))}
        {!disabled && <Button icon="plus" data-testid={`add-${f.name}`} onClick={() => set(f.name, [...rows, toInputs(f.parts!, {})])}>Thêm dòng</Button>}
      </fieldset>
    );
  };
  const wrong = fields.filter((f) => shownErrors[f.name]);
  return (
    <form ref={form} class="form" noValidate onSubmit={(e) => void submit(e)} data-testid={testid}>
      {wrong.length > 0 && (
        <div class="form-problem" role="alert">Còn {wrong.length} mục cần sửa: {wrong.map((f, i) => (
          <span key={f.name}>{i > 0 && ', '}<a href={`#${dom}-${f.name}`} onClick={(e) => { e.preventDefault(); form.current?.querySelector<HTMLElement>(`[name="${f.name}"]`)?.focus(); }}>{f.title}</a></span>))}.</div>
      )}
      {fields.map((f) => (
        <div key={f.name} class={`field${shownErrors[f.name] ? ' wrong' : ''}${isEmpty(inputs[f.name]) ? ' empty' : ''}`}>
          {f.kind === 'yes' ? (
            <label class="check"><input type="checkbox" name={f.name} disabled={disabled} checked={inputs[f.name] === true} data-testid={`field-${f.name}`}
              onChange={(e) => set(f.name, e.currentTarget.checked)} /> <span>{f.title}{f.hint && <span class="hint">{f.hint}</span>}</span></label>
          ) : f.kind === 'list' ? rowsOf(f) : f.kind === 'choices' ? (
            <fieldset disabled={disabled}><legend>{f.title}{!f.required && <span class="muted"> (nếu có)</span>}</legend>
              {f.hint && <span class="hint">{f.hint}</span>}
              {f.choices.map((c) => {
                const list = (inputs[f.name] ?? []) as string[];
                return <label class="check" key={c.value}><input type="checkbox" name={f.name} value={c.value} checked={list.includes(c.value)}
                  onChange={() => set(f.name, list.includes(c.value) ? list.filter((v) => v !== c.value) : [...list, c.value])} /> {c.word}</label>;
              })}
            </fieldset>
          ) : (
            <>
              <label for={`${dom}-${f.name}`}>{f.title}{!f.required && <span class="muted"> (nếu có)</span>}</label>
              {f.hint && <span class="hint" id={`${dom}-${f.name}-hint`}>{f.hint}</span>}
              {control(f, commonOf(f), inputs[f.name], (value) => set(f.name, value))}
            </>
          )}
          {shownErrors[f.name] && <span class="field-error" id={`${dom}-${f.name}-error`}>{shownErrors[f.name]}</span>}
        </div>
      ))}
      {!disabled && (
        <p class="row-actions">
          <Button kind="main" icon="check" type="submit" disabled={busy} data-testid={`${testid ?? 'form'}-submit`}>{busy ? 'Đang gửi…' : submitLabel}</Button>
          {onSave && <Button disabled={busy} onClick={() => void saveDraft()} data-testid={`${testid ?? 'form'}-save`}>Lưu, làm tiếp sau</Button>}
        </p>
      )}
    </form>
  );
}
