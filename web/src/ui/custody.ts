// SPDX-License-Identifier: Apache-2.0
// The words of evidence on screen, and sending a file in parts.
import { address, post, upload } from '../api/client';
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

/** Part after part; the whole file is judged at the end. A part that was cut off is sent once more. */
export function sendInParts(file: File, about: Omit<EvidenceUploadNew, 'name' | 'size_bytes'>, progress: (sent: number) => void): Sending {
  let stopped = false;
  let running: { abort: () => void } | null = null;
  const run = async (): Promise<EvidenceDetail> => {
    const begun = await post('/evidence/uploads', { body: { ...about, name: file.name, size_bytes: file.size } });
    const stop = (): void => {
      if (!stopped) return;
      throw new DOMException('aborted', 'AbortError');
    };
    let tries = 0;
    for (let at = 0; at < file.size;) {
      const part = file.slice(at, at + begun.part_bytes_max);
      const from = at;
      const sending = upload(address('/evidence/uploads/{id}', { id: begun.id }, { offset: at }), part, { 'Content-Type': 'application/octet-stream' }, (sent) => progress(from + sent));
      running = sending;
      try {
        await sending.promise;
        at += part.size;
        tries = 0;
      } catch (cause) {
        if (stopped || cause instanceof DOMException || ++tries > 3 || (cause as { problem?: { status: number } }).problem?.status !== 0) throw cause;
      }
      stop();
    }
    const sha256 = await localHash(file);
    stop();
    return post('/evidence/uploads/{id}/finish', { path: { id: begun.id }, body: sha256 ? { sha256 } : {} });
  };
  return { promise: run(), abort: () => { stopped = true; running?.abort(); } };
}
