// SPDX-License-Identifier: Apache-2.0
// The words of evidence on screen, and sending a file in parts.
import { address, ApiError, get, post, upload } from '../api/client';
import { may, session } from '../app/session';
import type { EvidenceDetail, EvidenceUploadNew } from '../api/types';
import { localHash } from './hash';

export const actWords = {
  collected: 'Thu thập', sealed: 'Niêm phong', handed_over: 'Bàn giao', copied: 'Sao chép', analysed: 'Phân tích', returned: 'Trả lại', destroyed: 'Hủy',
} as const;
export const bodyWords = { police: 'Công an tỉnh', military: 'Bộ CHQS tỉnh', lead_department: 'Sở chủ trì', response_team: 'Đội, tổ ứng cứu' } as const;
export const stateWords = {
  collected: 'Đang lưu giữ', sealed: 'Đang niêm phong', handed_over: 'Đã bàn giao', in_analysis: 'Đang phân tích', returned: 'Đã trả lại', destroyed: 'Đã hủy',
} as const;

/** Heads read; their officers and the province keep. */
export const mayKeepEvidence = (): boolean => may('create:record') && session.value?.user.role !== 'agency_head';

export interface Sending {
  promise: Promise<EvidenceDetail>;
  abort: () => void;
}

const kAwayMax = 600_000;  // how long the hub may be away, e.g. starts again
const kAskEvery = 2_000;
const kTriesMax = 5;  // of one part

/** Part after part; the whole file is judged at the end. What was cut off goes on from where the hub says that it is. */
export function sendInParts(file: File, about: Omit<EvidenceUploadNew, 'name' | 'size_bytes'>, progress: (sent: number) => void): Sending {
  let stopped = false;
  let running: { abort: () => void } | null = null;
  const stop = (): void => {
    if (stopped) throw new DOMException('aborted', 'AbortError');
  };
  /** Again until the hub answers; what it answers holds. */
  const insist = async <T>(what: () => Promise<T>): Promise<T> => {
    for (const since = Date.now(); ; await new Promise((done) => setTimeout(done, kAskEvery))) {
      stop();
      try {
        return await what();
      } catch (cause) {
        // Away, or still at an earlier asking whose answer was lost.
        const later = cause instanceof ApiError && (cause.problem.status === 0 || cause.problem.status === 503 || cause.problem.code === 'being_checked');
        if (!later || Date.now() - since > kAwayMax) throw cause;
      }
    }
  };
  const run = async (): Promise<EvidenceDetail> => {
    const begun = await post('/evidence/uploads', { body: { ...about, name: file.name, size_bytes: file.size } });
    const path = { id: begun.id };
    let tries = 0;
    for (let at = 0; at < file.size; progress(at)) {
      const from = at;
      const sending = upload(address('/evidence/uploads/{id}', path, { offset: at }), file.slice(at, at + begun.part_bytes_max), { 'Content-Type': 'application/octet-stream' }, (sent) => progress(from + sent));
      running = sending;
      try {
        await sending.promise;
        at = Math.min(at + begun.part_bytes_max, file.size);
        tries = 0;
      } catch (cause) {
        if (!(cause instanceof ApiError) || cause.problem.status !== 0 || ++tries > kTriesMax) throw cause;
        at = (await insist(() => get('/evidence/uploads/{id}', { path }))).received;
      }
      stop();
    }
    const sha256 = await localHash(file);
    return insist(() => post('/evidence/uploads/{id}/finish', { path, body: sha256 ? { sha256 } : {} }));
  };
  return { promise: run(), abort: () => { stopped = true; running?.abort(); } };
}
