// SPDX-License-Identifier: Apache-2.0
// Văn bản: the active document clause by clause, beside each how it stands, who is bound, how it is checked, what is missing.
import { useEffect, useMemo } from 'preact/hooks';
import { get } from '../api/client';
import { query, setQuery } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { DocumentClause, DocumentView } from '../api/types';
import { dateText, fold } from '../text/format';
import { AgencySelect } from '../ui/agencies';
import { Icon } from '../ui/icon';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { StatusMark } from '../ui/status';
import { TermText } from '../ui/terms';
import { anchorOf, articleOf, valueText } from './document-text';
import '../styles/document.css';

const kModality: Record<string, string> = { must_not: 'cấm', may: 'được làm', encouraged: 'khuyến khích' };

function textOf(c: DocumentClause): string {
  return fold([c.citation, c.title, c.duty, ...c.bound, ...c.parts.flatMap((p) => [p.duty, ...p.how])].join(' '));
}

/** How it stands can be asked: somebody has to do something, and the reader may know. */
function isAsked(c: DocumentClause): boolean {
  return !!c.standing && c.parts.some((p) => p.how.length > 0);
}

function Standing({ c, agency }: { c: DocumentClause; agency: string }) {
  const s = c.standing;
  if (!s) return null;
  // Definitions and articles that only enact: a status would sound as if somebody had been let off.
  if (!isAsked(c)) return <span class="standing muted">Không ai phải làm gì</span>;
  const to = `/nghia-vu?clause=${encodeURIComponent(c.id)}${agency && `&agency=${agency}&at=${agency}`}`;
  return (
    <a class={`standing s-${s.status}`} href={to} data-primary data-testid="standing" data-status={s.status} aria-label={`${c.title}: xem vì sao`}>
      <StatusMark status={s.status} />
      {s.total > 0 && <span class="num muted">{s.met}/{s.total}{s.unknown > 0 && `, ${s.unknown} chưa rõ`}</span>}
    </a>
  );
}

function Clause({ c, d, agency }: { c: DocumentClause; d: DocumentView; agency: string }) {
  const open = d.parameters.filter((p) => p.clauses.includes(c.id));
  const several = c.parts.length > 1;
  const others = d.terms.filter((t) => t.clause !== c.id);
  return (
    <article class="clause" id={anchorOf(c.id)} data-row tabIndex={-1} data-testid="clause" data-clause={c.id} aria-labelledby={`${anchorOf(c.id)}-title`}>
      <header>
        <h3 id={`${anchorOf(c.id)}-title`}>{c.title}</h3>
        <a class="muted clause-place" data-primary={isAsked(c) ? undefined : true} href={`#${anchorOf(c.id)}`} title="Đường dẫn tới điều khoản này">{c.citation}</a>
        <Standing c={c} agency={agency} />
      </header>
      <p class="duty"><TermText text={c.duty} terms={others} /></p>
      <p class="muted who">{c.bound.length > 0 && <>Ai phải theo: {c.bound.join(', ')}. </>}{c.when && <>Kỳ: {c.when}.</>}</p>
      <ul class="parts">
        {c.parts.filter((p) => p.how.length > 0).map((p) => (
          <li key={p.id}>
            {several && <p><TermText text={p.duty} terms={others} /></p>}
            <p class="muted">
              {kModality[p.modality] && <b>{kModality[p.modality]}; </b>}Tính cho {p.for}{p.scopes.length > 0 && `, chỉ ${p.scopes.join(', ')}`}{p.trigger && `, ${p.trigger}`}.
            </p>
            <ul class="ways" aria-label={p.any ? 'Đủ một trong các cách' : 'Cách kiểm tra'}>
              {p.how.map((way, i) => <li key={i} class={p.pending && way.startsWith('Chưa có cách') ? 'pending' : ''}>{way}</li>)}
            </ul>
            {p.action && (p.action.to.startsWith('/so-dang-ky') ? may('read:record') : p.action.to === '/su-co' ? may('read:incident') : may('read:obligation')) &&
              <a class="act" href={p.action.to} data-testid="clause-action">{p.action.label}</a>}
          </li>
        ))}
      </ul>
      {c.open_terms.length > 0 && <p class="open-terms muted">Chữ trong văn bản không có con số: {c.open_terms.map((t) => `"${t}"`).join(', ')}.</p>}
      {open.length > 0 && (
        <dl class="parameters" data-testid="parameters">
          {open.map((p) => <div key={p.name}><dt>{p.title}</dt><dd><b class="num">{valueText(p.value, p.unit)}</b> <span class="muted">{p.reason} Chỗ đổi: {p.set_in}.</span></dd></div>)}
        </dl>
      )}
    </article>
  );
}

function Reader({ d, wanted, agency }: { d: DocumentView; wanted: string; agency: string }) {
  const texts = useMemo(() => new Map(d.clauses.map((c) => [c.id, textOf(c)])), [d]);
  const words = fold(wanted.trim()).split(/\s+/).filter(Boolean);
  const groups = new Map<string, DocumentClause[]>();
  for (const c of d.clauses) {
    if (!words.every((w) => texts.get(c.id)!.includes(w))) continue;
    const article = articleOf(c.citation);
    groups.set(article, [...(groups.get(article) ?? []), c]);
  }
  useEffect(() => {
    // The browser looked for the place before the text was there.
    const place = window.location.hash && document.getElementById(window.location.hash.slice(1));
    if (place) {
      place.scrollIntoView();
      place.focus({ preventScroll: true });
    }
  }, [d.id]);
  if (groups.size === 0) return <Blank icon="search" title="Không có điều khoản nào chứa các chữ này"><Button onClick={() => setQuery({ q: null })}>Xem tất cả</Button></Blank>;
  return (
    <div class="reader">
      <nav class="jump" aria-label="Các điều của văn bản" data-testid="jump">
        <ul>{[...groups].map(([name, list]) => <li key={name}><a href={`#${anchorOf(list[0]!.id)}`}>{name}</a></li>)}</ul>
      </nav>
      <div class="reader-text">
        {[...groups].map(([name, list]) => (
          <section key={name} aria-label={name}>
            <h2>{name}</h2>
            {list.map((c) => <Clause key={c.id} c={c} d={d} agency={agency} />)}
          </section>
        ))}
      </div>
    </div>
  );
}

export default function DocumentPage() {
  const q = query.value;
  const [wanted, agency, pack] = [q.get('q') ?? '', q.get('agency') ?? '', q.get('pack') ?? ''];
  const packs = useLoad((abort) => get('/packs', { signal: abort }), []);
  const id = pack || packs.data?.items.find((p) => p.active)?.id || '';
  const loaded = useLoad((abort) => id ? get('/documents/{id}', { signal: abort, path: { id }, query: { agency } }) : new Promise<DocumentView>(() => undefined), [id, agency]);
  useChange(changes.obligation.value, loaded.reload, 10_000);
  const d = loaded.data;
  const of = packs.problem && !packs.data ? { ...loaded, problem: packs.problem } : loaded;
  return (
    <>
      <PageHead title="Văn bản" sub={d?.document && `${d.document.title}. Số ${d.document.number}, ${d.document.issuer}, ngày ${dateText(d.document.date)}. Lời diễn đạt ở đây không thay cho bản chính.`}>
        <Button icon="print" onClick={() => window.print()}>In</Button>
      </PageHead>
      {d?.known_from && <p class="banner" role="note" data-testid="known-from"><Icon name="question" size={16} /> {d.known_from}</p>}
      <div class="filters-row">
        <input data-search type="search" value={wanted} placeholder="Tìm trong văn bản" aria-label="Tìm trong văn bản" data-testid="document-search"
               onInput={(e) => setQuery({ q: e.currentTarget.value }, { replace: true })} />
        {packs.data && packs.data.items.length > 1 && (
          <label class="inline">Văn bản <select value={id} onChange={(e) => setQuery({ pack: e.currentTarget.value })}>
            {packs.data.items.map((p) => <option key={p.id} value={p.id}>{p.title}</option>)}</select></label>
        )}
        {may('read:obligation') && <AgencySelect value={agency} onChange={(next) => setQuery({ agency: next })} />}
      </div>
      <Shown of={of} rows={14}>{(document_) => <Reader d={document_} wanted={wanted} agency={agency} />}</Shown>
    </>
  );
}
