// SPDX-License-Identifier: Apache-2.0
// Thiết bị: the list, and admitting a machine.
import { useState } from 'preact/hooks';
import { get, post, problemFrom } from '../api/client';
import { query, setQuery } from '../app/router';
import { may, session } from '../app/session';
import { changes } from '../app/stream';
import { valueWord } from '../text/facts';
import { numberText } from '../text/format';
import { deviceStatusWords } from '../text/words';
import { AgencySelect } from '../ui/agencies';
import { inert } from '../ui/inert';
import { useChange, useLoad } from '../ui/load';
import { NextPage } from '../ui/next-page';
import { Button, Chip, CopyButton, Drawer, PageHead, When } from '../ui/parts';
import { Blank, Shown } from '../ui/states';
import { RollUp } from '../ui/status';
import { DeviceState } from '../ui/device-state';

function Admit({ onClose }: { onClose: () => void }) {
  const own = session.value!.user.agency_ids;
  const [agency, setAgency] = useState(own.length === 1 ? own[0]! : '');
  const [problem, setProblem] = useState('');
  const [made, setMade] = useState<{ token: string; expires_at: string; command: string } | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    try {
      setMade(await post('/enrolment-tokens', { body: { agency_id: agency, note: String(data.get('note')) } }));
    } catch (cause) {
      setProblem(problemFrom(cause).text);
    }
  };
  return (
    <Drawer title="Thêm máy" onClose={onClose} testid="enrol-drawer">
      {made ? (
        <div class="stack">
          <p>Chạy lệnh sau trên máy cần thêm, bằng quyền quản trị. Mã dùng được một lần, đến <When at={made.expires_at} />; sau khi đóng cửa sổ này sẽ không xem lại được.</p>
          <pre data-testid="enrol-command">{made.command}</pre>
          <p class="row-actions"><CopyButton text={made.command} label="Sao chép lệnh" /></p>
          <p><b>Mã kết nối</b></p>
          <pre data-testid="enrol-token">{made.token}</pre>
          <p class="muted">Máy sẽ hiện trong danh sách ngay khi kết nối được.</p>
        </div>
      ) : (
        <form class="form" onSubmit={(e) => void submit(e)}>
          {problem && <p class="form-problem" role="alert">{problem}</p>}
          <p>Mỗi máy cần một mã kết nối riêng. Máy thuộc cơ quan nào do mã quyết định, không do tên máy.</p>
          <AgencySelect required value={agency} all="Chọn cơ quan" onChange={setAgency} />
          <label>Ghi chú<span class="hint">Ví dụ: máy phòng một cửa, bàn số 2</span><input name="note" maxLength={200} data-testid="enrol-note" /></label>
          <Button kind="main" type="submit" disabled={!agency} data-testid="enrol-create">Tạo mã kết nối</Button>
        </form>
      )}
    </Drawer>
  );
}

const kFilters = [['', 'Tất cả'], ['online', deviceStatusWords.online], ['silent', deviceStatusWords.silent], ['revoked', deviceStatusWords.revoked]] as const;

export default function Devices() {
  const params = query.value;
  const [agency, status, q, cursor] = ['agency', 'status', 'q', 'cursor'].map((name) => params.get(name) ?? '') as [string, string, string, string];
  const [admitting, setAdmitting] = useState(false);
  const loaded = useLoad((abort) => get('/devices', { signal: abort, query: { agency, status, q, cursor } }), [agency, status, q, cursor]);
  useChange(changes.device.value, loaded.reload, 5000);
  return (
    <>
      <PageHead title="Thiết bị" sub={loaded.data && `${numberText(loaded.data.total)} máy`}>
        {may('create:enrolment_token') && <Button kind="main" icon="plus" onClick={() => setAdmitting(true)} data-testid="add-device">Thêm máy</Button>}
      </PageHead>
      <div class="filters-row">
        <form class="inline" role="search" onSubmit={(e) => { e.preventDefault(); setQuery({ q: String(new FormData(e.currentTarget).get('q')), cursor: null }); }}>
          <input name="q" data-search type="search" defaultValue={q} placeholder="Tên máy" aria-label="Tìm máy theo tên" data-testid="device-search" />
        </form>
        <div class="chips" role="group" aria-label="Trạng thái">
          {kFilters.map(([value, word]) => <Chip key={value} pressed={status === value} onClick={() => setQuery({ status: value, cursor: null })}>{word}</Chip>)}
        </div>
        <AgencySelect value={agency} onChange={(id) => setQuery({ agency: id, cursor: null })} />
      </div>
      <Shown of={loaded} rows={10}>
        {({ items, next_cursor }) => items.length === 0 ? (
          <Blank icon="device" title={q || status || agency ? 'Không có máy nào khớp' : 'Chưa có máy nào'}>
            <p>{q || status || agency ? 'Thử bỏ bớt điều kiện lọc.' : 'Thêm máy đầu tiên để hệ thống nhận nhật ký và kiểm tra cấu hình của máy đó.'}</p>
            {may('create:enrolment_token') && <Button icon="plus" onClick={() => setAdmitting(true)}>Thêm máy</Button>}
          </Blank>
        ) : (
          <>
            <table class="cards" data-testid="devices-table">
              <thead><tr><th>Máy</th><th>Cơ quan</th><th>Hệ điều hành</th><th>Trạng thái</th><th>Liên lạc cuối</th><th>Nghĩa vụ</th><th>Tác tử</th></tr></thead>
              <tbody>{items.map((d) => (
                <tr key={d.id} data-row tabIndex={-1} data-testid="device-row" data-id={d.id}>
                  <td data-label="Máy" class="grow"><a data-primary href={`/thiet-bi/${encodeURIComponent(d.id)}`}>{inert(d.name || d.hostname)}</a>
                    {d.hostname !== d.name && <span class="muted entity">{inert(d.hostname)}</span>}</td>
                  <td data-label="Cơ quan">{d.agency_name}</td>
                  <td data-label="Hệ điều hành">{inert(valueWord(d.os))}</td>
                  <td data-label="Trạng thái"><DeviceState device={d} /></td>
                  <td data-label="Liên lạc cuối"><When at={d.last_seen_at} ago /></td>
                  <td data-label="Nghĩa vụ"><RollUp counts={d.obligations} /></td>
                  <td data-label="Tác tử" class="num">{d.agent_version ?? ''}</td>
                </tr>
              ))}</tbody>
            </table>
            <NextPage cursor={next_cursor} />
          </>
        )}
      </Shown>
      {admitting && <Admit onClose={() => { setAdmitting(false); loaded.reload(); }} />}
    </>
  );
}
