// SPDX-License-Identifier: Apache-2.0
// Uploading evidence: progress, then the SHA-256 that the hub computed; a refusal says why. Files are also hashed here
// when the browser can, so that a person sees both numbers agree.
import { useRef, useState } from 'preact/hooks';
import { address, problemFrom, upload } from '../api/client';
import type { Attachment } from '../api/types';
import { bytesText } from '../text/format';
import { tell } from './announce';
import { localHash } from './hash';
import { Icon } from './icon';
import { Button } from './parts';

interface Running {
  name: string;
  size: number;
  sent: number;
  refused?: string;
  abort?: () => void;
}

export function Uploads({ caseId, record, agencyId, sealedFor, onStored, label = 'Đính kèm tệp' }: {
  caseId?: string; record?: string; agencyId?: string; sealedFor?: string[]; onStored: (file: Attachment) => void; label?: string;
}) {
  const [running, setRunning] = useState<Running[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const start = async (file: File): Promise<void> => {
    const mine: Running = { name: file.name, size: file.size, sent: 0 };
    setRunning((all) => [...all, mine]);
    const redraw = (): void => setRunning((all) => [...all]);
    const sending = upload(address('/attachments', {}, { name: file.name }), file, {
      'Content-Type': file.type || 'application/octet-stream',
      ...(caseId ? { 'X-Case': caseId } : {}), ...(record ? { 'X-Record': record } : {}),
      ...(agencyId ? { 'X-Agency': agencyId } : {}),
      ...(sealedFor ? { 'X-Sealed': '1', 'X-Sealed-For': sealedFor.join(',') } : {}),
    }, (sent) => { mine.sent = sent; redraw(); });
    mine.abort = sending.abort;
    try {
      const [stored, own] = await Promise.all([sending.promise as Promise<Attachment>, localHash(file)]);
      if (own && own !== stored.sha256) {
        mine.refused = 'Mã SHA-256 máy chủ nhận được khác mã của tệp trên máy này. Gửi lại tệp.';
        redraw();
        return;
      }
      setRunning((all) => all.filter((r) => r !== mine));
      tell(`Đã lưu tệp ${file.name}.`);
      onStored({ ...stored, name: stored.name || file.name });
    } catch (cause) {
      if (cause instanceof DOMException) {
        setRunning((all) => all.filter((r) => r !== mine));
        return;
      }
      mine.refused = problemFrom(cause).text;
      redraw();
    }
  };
  return (
    <div class="uploads">
      <input ref={input} type="file" multiple class="sr-only" tabIndex={-1} aria-label={label} data-testid="file-input" onChange={(e) => {
        for (const file of e.currentTarget.files ?? []) void start(file);
        e.currentTarget.value = '';
      }} />
      <Button icon="upload" onClick={() => input.current?.click()} data-testid="attach">{label}</Button>
      <ul class="files">
        {running.map((r) => (
          <li key={r.name} class={r.refused ? 'refused' : ''} data-testid={r.refused ? 'upload-refused' : 'upload-running'}>
            <Icon name={r.refused ? 'late' : 'upload'} size={16} />
            <span><b>{r.name}</b> <span class="muted num">{bytesText(r.size)}</span>
              {r.refused ? <span role="alert" class="why">{r.refused}</span>
                : <progress max={r.size || 1} value={r.sent} aria-label={`Đang gửi ${r.name}`} />}</span>
            <Button kind="bare" icon="close" aria-label={r.refused ? 'Bỏ thông báo' : 'Dừng gửi'} onClick={() => {
              if (r.refused) setRunning((all) => all.filter((x) => x !== r));
              else r.abort?.();
            }} />
          </li>
        ))}
      </ul>
    </div>
  );
}

export function FileList({ files }: { files: Attachment[] }) {
  return (
    <ul class="files" data-testid="file-list">
      {files.map((f) => (
        <li key={f.sha256} data-testid="attachment">
          <Icon name="file" size={16} />
          <span><a href={address('/attachments/{sha256}', { sha256: f.sha256 })} download={f.name}>{f.name}</a>{' '}
            {f.sealed && <span class="muted"><Icon name="lock" size={14} /> giữ kín </span>}<span class="muted num">{bytesText(f.size_bytes)}</span>
            <code class="hash" title="SHA-256">{f.sha256}</code></span>
        </li>
      ))}
    </ul>
  );
}
