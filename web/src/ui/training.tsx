// SPDX-License-Identifier: Apache-2.0
// Where the own basic training stands, and what to do when none is recorded.
import type { Session } from '../api/types';
import { dateText } from '../text/format';

export function Training({ training }: { training: Session['training'] }) {
  if (training.trained_on) return <p>Đã học ngày <span class="num">{dateText(training.trained_on)}</span>.</p>;
  return (
    <div class="stack" data-testid="training">
      {training.exception ? <p>Được làm việc khi chưa học đến hết ngày <span class="num">{dateText(training.exception.until)}</span>: {training.exception.reason}</p>
        : <p>Chưa ghi nhận ngày học kiến thức an toàn thông tin cơ bản.
            {training.missing ? ' Vì vậy tài khoản chỉ xem được thông tin của mình.' : training.gate_on && <> Từ ngày <b class="num">{dateText(training.gate_on)}</b>, ai chưa học sẽ chỉ xem được tài khoản của mình.</>}</p>}
      <p>Đã học rồi: báo cán bộ phụ trách của đơn vị ghi ngày học vào sổ Cán bộ, công chức. Chưa học: đề nghị đơn vị mở lớp. Cần làm việc ngay: đề nghị quản trị viên cho phép tạm, có thời hạn.</p>
    </div>
  );
}
