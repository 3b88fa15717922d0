// SPDX-License-Identifier: Apache-2.0
// Counts over time as own SVG: bars from zero, drag (or Shift + arrow keys) to choose a stretch of time, and a table with
// the same numbers for those who cannot see the picture.
import { useRef, useState } from 'preact/hooks';
import type { Histogram as Data } from '../api/types';
import { clockText, dateText, durationText, numberText, timeText } from '../text/format';

const kWidth = 1000;
const kHeight = 72;

interface Props {
  data: Data;
  onPick: (from: string, to: string) => void;
}

export function Histogram({ data, onPick }: Props) {
  const { buckets, bucket_seconds: width } = data;
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<SVGSVGElement>(null);
  const n = buckets.length;
  if (n === 0) return null;
  const most = Math.max(1, ...buckets.map((b) => b.count));
  const slot = kWidth / n;
  const start = (i: number): number => Date.parse(buckets[Math.min(n - 1, Math.max(0, i))]!.start);
  const index = (event: PointerEvent): number => {
    const rect = box.current!.getBoundingClientRect();
    return Math.min(n - 1, Math.max(0, Math.floor(((event.clientX - rect.left) / rect.width) * n)));
  };
  const finish = (): void => {
    if (!drag) return;
    const [a, b] = [Math.min(...drag), Math.max(...drag)];
    setDrag(null);
    onPick(new Date(start(a)).toISOString(), new Date(start(b) + width * 1000).toISOString());
  };
  const keys = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by !== 0) {
      event.preventDefault();
      const next = Math.min(n - 1, Math.max(0, (at ?? (by > 0 ? -1 : n)) + by));
      setAt(next);
      setDrag(event.shiftKey ? [drag?.[0] ?? at ?? next, next] : null);
    } else if (event.key === 'Enter' && at !== null) {
      event.preventDefault();
      const [a, b] = drag ? [Math.min(...drag), Math.max(...drag)] : [at, at];
      setDrag(null);
      onPick(new Date(start(a)).toISOString(), new Date(start(b) + width * 1000).toISOString());
    } else if (event.key === 'Escape') setDrag(null);
  };
  const shown = at !== null ? buckets[at] : undefined;
  const peak = buckets.reduce((a, b) => (b.count > a.count ? b : a), buckets[0]!);
  const long = n * width > 2 * 86_400;
  const years = n * width > 300 * 86_400;
  const label = (i: number): string => (long ? dateText(start(i)).slice(0, years ? undefined : 5) : clockText(start(i)));
  const ticks = [0, Math.floor(n / 4), Math.floor(n / 2), Math.floor((3 * n) / 4)];
  return (
    <figure class="histogram" data-testid="histogram">
      <figcaption>
        {shown
          ? <><b class="num">{numberText(shown.count)}</b> sự kiện từ <span class="num">{timeText(shown.start)}</span>, trong {durationText(width * 1000)}</>
          : <><b class="num">{numberText(data.total)}</b> sự kiện; nhiều nhất <span class="num">{numberText(peak.count)}</span> trong {durationText(width * 1000)} từ <span class="num">{timeText(peak.start)}</span></>}
      </figcaption>
      <svg ref={box} viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" tabIndex={0} role="application"
           aria-label="Biểu đồ sự kiện theo thời gian. Phím mũi tên để di chuyển, giữ Shift để chọn khoảng, Enter để lọc theo khoảng đã chọn."
           onKeyDown={keys}
           onPointerDown={(e) => { if (e.button !== 0) return; box.current!.setPointerCapture(e.pointerId); const i = index(e); setDrag([i, i]); }}
           onPointerMove={(e) => { const i = index(e); setAt(i); if (drag && e.buttons) setDrag([drag[0], i]); }}
           onPointerUp={finish} onPointerCancel={() => setDrag(null)} onPointerLeave={() => !drag && setAt(null)} onBlur={() => setAt(null)}>
        {drag && <rect class="picked" x={Math.min(...drag) * slot} y="0" width={(Math.abs(drag[1] - drag[0]) + 1) * slot} height={kHeight} />}
        {buckets.map((b, i) => {
          const h = b.count === 0 ? 0 : Math.max(1.5, (b.count / most) * (kHeight - 4));
          return <rect key={b.start} class={i === at ? 'bar-at' : 'bar-one'} x={i * slot + slot * 0.08} y={kHeight - h} width={slot * 0.84} height={h} />;
        })}
        <line x1="0" x2={kWidth} y1={kHeight - 0.5} y2={kHeight - 0.5} />
      </svg>
      <div class="ticks num" aria-hidden="true">
        {ticks.map((i) => <span key={i}>{label(i)}</span>)}
      </div>
      <details class="sr-table"><summary>Xem bảng số</summary>
        <table><thead><tr><th>Từ</th><th>Sự kiện</th></tr></thead>
          <tbody>{buckets.filter((b) => b.count > 0).map((b) => <tr key={b.start}><td class="num">{timeText(b.start)}</td><td class="num right">{numberText(b.count)}</td></tr>)}</tbody></table>
      </details>
    </figure>
  );
}
