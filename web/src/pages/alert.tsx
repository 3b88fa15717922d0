// SPDX-License-Identifier: Apache-2.0
// One alert: what happened, which rule says so, on which events, and what is done about it.
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import type { PageProps } from '../app/pages';
import { navigate } from '../app/router';
import { may } from '../app/session';
import { changes } from '../app/stream';
import type { AlertDetail, AlertStatus, LogEvent } from '../api/types';
import { numberText, upperFirst } from '../text/format';
import { alertStatusWords, featureWords, tacticWords } from '../text/words';
import { useAgencies } from '../ui/agencies';
import { tell } from '../ui/announce';
import { fieldWord } from '../ui/entity';
import { EventDetail, summaryOf } from '../ui/event';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { Button, PageHead, When } from '../ui/parts';
import { Shown } from '../ui/states';
import { FalseAlarm } from './false-alarm';
import { LevelMark } from '../ui/status';
import '../styles/alerts.css';

/** "attack.t1110.001" is the number of a technique of ATT&CK, "attack.persistence" a tactic. */
function featureText(feature: string): string {
  const known = /^attack\.(.+)$/.exec(feature)?.[1];
  if (known === undefined) return featureWords[feature] ?? feature;
  return tacticWords[known] ?? `ATT&CK ${known.toUpperCase()}`;
}

/** The log of the same entity while the alert lasted and a little around it, whenever that was. */
function aroundInLog(alert: AlertDetail): string {
  const aroundMs = 5 * 60_000;
  const from = new Date(Date.parse(alert.first_at) - aroundMs).toISOString();
  const to = new Date(Date.parse(alert.last_at) + aroundMs).toISOString();
  return `/nhat-ky?q=${encodeURIComponent(alert.search ?? '')}&from=${from}&to=${to}`;
}

function Events({ events }: { events: LogEvent[] }) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <table class="events alert-events">
      <thead><tr><th>Thời gian (+07)</th><th>Máy</th><th>Nội dung</th></tr></thead>
      <tbody>
        {events.map((e) => (
          <Fragment key={e.ref}>
            <tr data-row tabIndex={-1} data-testid="alert-event">
              <td class="nowrap"><When at={e.event_time} seconds /></td>
              <td class="host">{inert(e.host)}</td>
              <td class="line"><button type="button" class="expand" data-primary aria-expanded={open === e.ref}
                onClick={() => setOpen(open === e.ref ? null : e.ref)}>{inert(summaryOf(e))}</button></td>
            </tr>
            {open === e.ref && <tr class="expanded"><td colSpan={3}><EventDetail event={e} /></td></tr>}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Triage({ alert, onDone }: { alert: AlertDetail; onDone: () => void }) {
  const [note, setNote] = useState(alert.note ?? '');
  const [busy, setBusy] = useState(false);
  const [receiver, setReceiver] = useState('');
  const act = async (status: AlertStatus, assignee?: string | null): Promise<void> => {
    setBusy(true);
    try {
      await post('/alerts/{id}/triage', { path: { id: alert.id }, body: { status, note, ...(assignee === undefined ? {} : { assignee }) } });
      tell(assignee === undefined ? `Cảnh báo đã chuyển sang "${alertStatusWords[status]}".`
        : assignee === null ? 'Cảnh báo chưa có người xử lý.' : `Đã giao cảnh báo cho ${assignee}.`);
      setReceiver('');
      onDone();
    } catch (cause) {
      tell(problemFrom(cause).text, true);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class={`panel triage${note === '' ? ' nothing' : ''}`} aria-labelledby="triage">
      <h2 id="triage">Xử lý</h2>
      <label>Ghi chú
        <span class="hint">Ví dụ: đã gọi đơn vị, là đợt quét định kỳ</span>
        <textarea rows={3} value={note} onInput={(e) => setNote(e.currentTarget.value)} data-testid="triage-note" />
      </label>
      <p class="row-actions">
        {alert.status === 'new' && <Button disabled={busy} onClick={() => void act('acknowledged')} data-testid="acknowledge">Tiếp nhận</Button>}
        {alert.status !== 'closed' && <Button disabled={busy} onClick={() => void act('closed')} data-testid="close-alert">Đóng cảnh báo</Button>}
        {alert.status === 'closed' && <Button disabled={busy} onClick={() => void act('new')}>Mở lại</Button>}
        {alert.status === 'acknowledged' && <Button disabled={busy} onClick={() => void act('acknowledged')}>Lưu ghi chú</Button>}
      </p>
      {alert.status !== 'closed' && (
        <details>
          <summary data-testid="hand-on">Giao cho người khác</summary>
          <form onSubmit={(e) => { e.preventDefault(); void act('acknowledged', receiver.trim()); }}>
            <label>Tên đăng nhập
              <span class="hint">Ví dụ: nguyen.van</span>
              <input value={receiver} required autocapitalize="none" spellcheck={false} data-testid="receiver"
                     onInput={(e) => setReceiver(e.currentTarget.value)} />
            </label>
            <p class="row-actions">
              <Button type="submit" disabled={busy} data-testid="give">Giao</Button>
              {alert.assignee && <Button disabled={busy} onClick={() => void act('new', null)} data-testid="release">Thôi xử lý, để người khác nhận</Button>}
            </p>
          </form>
        </details>
      )}
    </section>
  );
}

export default function AlertPage({ id }: PageProps) {
  useAgencies();
  const [busy, setBusy] = useState(false);
  const loaded = useLoad((abort) => get('/alerts/{id}', { path: { id }, signal: abort }), [id]);
  useChange(changes.alert.value, loaded.reload, 5000);
  const open = async (): Promise<void> => {
    setBusy(true);
    try {
      const made = await post('/alerts/{id}/incident', { path: { id } });
      tell('Đã mở hồ sơ sự cố.');
      navigate(`/su-co/${encodeURIComponent(made.id)}`);
    } catch (cause) {
      tell(problemFrom(cause).text, true);
      setBusy(false);
    }
  };
  const alert = loaded.data;
  return (
    <>
      <p class="crumb"><a href="/canh-bao">Cảnh báo</a></p>
      <PageHead title={alert ? inert(alert.title) : 'Cảnh báo'}
                sub={alert && <><LevelMark level={alert.level} /> {alert.agency_name}, {alert.host && <>máy {inert(alert.host)}, </>}{alertStatusWords[alert.status].toLowerCase()}</>}>
        {alert?.case_id && <a class="button main" href={`/su-co/${encodeURIComponent(alert.case_id)}`} data-testid="go-incident">Xem hồ sơ sự cố</a>}
        {alert && !alert.case_id && may('create:incident') && (
          <Button kind="main" icon="incident" disabled={busy} onClick={() => void open()} data-testid="open-incident">Mở hồ sơ sự cố</Button>
        )}
      </PageHead>
      <Shown of={loaded} rows={8}>
        {(a) => (
          <div class="split">
            <div>
              <section class="panel" aria-labelledby="happened">
                <h2 id="happened">Diễn biến</h2>
                {a.detail && <p class="prose">{inert(a.detail.vi)}</p>}
                <dl class="pairs">
                  {Object.entries(a.entity).map(([field, value]) => <div key={field}><dt>{upperFirst(fieldWord(field))}</dt><dd class="mono">{inert(value)}</dd></div>)}
                  <div><dt>Số sự kiện</dt><dd class="num">{numberText(a.count)}</dd></div>
                  <div><dt>Lần đầu</dt><dd><When at={a.first_at} seconds /></dd></div>
                  <div><dt>Lần cuối</dt><dd><When at={a.last_at} seconds /></dd></div>
                  <div><dt>Phát hiện lúc</dt><dd><When at={a.raised_at} seconds /></dd></div>
                  {a.assignee_name && <div><dt>Người xử lý</dt><dd>{a.assignee_name}</dd></div>}
                </dl>
              </section>
              <section class="panel" aria-labelledby="alert-events">
                <h2 id="alert-events">Sự kiện làm chứng cứ</h2>
                <p class="muted">{a.events.length < a.count && <>Hiện {numberText(a.events.length)} trong {numberText(a.count)} sự kiện. </>}
                  {a.search && <a href={aroundInLog(a)} data-testid="alert-search">Xem trong nhật ký quanh lúc đó</a>}</p>
                <Events events={a.events} />
              </section>
            </div>
            <aside>
              {may('triage:alert') && <Triage key={a.status} alert={a} onDone={loaded.reload} />}
              {may('create:rule') && a.events.length > 0 && <FalseAlarm alert={a} />}
              <section class="panel" aria-labelledby="alert-rule">
                <h2 id="alert-rule">Luật phát hiện</h2>
                <p><b>{a.rule.title}</b></p>
                <p class="prose">{a.rule.description}</p>
                {a.rule.features.length > 0 && <p class="tags">{a.rule.features.map((f) => <span key={f} title={f}>{featureText(f)}</span>)}</p>}
                <details><summary>Nguyên văn luật</summary><pre>{a.rule.source_yaml}</pre></details>
                <p><a href={`/canh-bao?rule=${encodeURIComponent(a.rule_id)}&status=all`}>Mọi cảnh báo của luật này</a></p>
              </section>
            </aside>
          </div>
        )}
      </Shown>
    </>
  );
}
