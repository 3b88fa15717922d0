// SPDX-License-Identifier: Apache-2.0
// Live updates. One EventSource for the whole portal; pages read the counters and decide themselves whether to refresh
// in place or to offer a button, so that nothing moves under a reader's eyes.
import { effect, signal } from '@preact/signals';
import { get, kBase, reachable } from '../api/client';
import { announce } from '../ui/announce';

export type Topic = 'alert' | 'incident' | 'obligation' | 'device' | 'record' | 'ingest' | 'notice' | 'delivery';
export type LiveState = 'off' | 'connecting' | 'on' | 'lost';

export interface LiveEvent {
  id: string;
  agency_id?: string;
  kind?: string;
  title?: string;
  level?: string;
  [name: string]: unknown;
}

export const live = signal<LiveState>('off');
/** How often each topic has changed since the page was opened. */
export const changes = {
  alert: signal(0),
  incident: signal(0),
  obligation: signal(0),
  device: signal(0),
  record: signal(0),
  ingest: signal(0),
  notice: signal(0),
  delivery: signal(0),
} as const;
export const lastEvent = signal<{ topic: Topic; event: LiveEvent } | null>(null);

let source: EventSource | null = null;
let retry: number | undefined;
let waitMs = 2000;
const kMaxWaitMs = 60_000;  // a dead hub must not be asked more than once a minute by every open screen

function receive(topic: Topic, message: MessageEvent<string>): void {
  let event: LiveEvent;
  try {
    event = JSON.parse(message.data) as LiveEvent;
  } catch {
    return;
  }
  lastEvent.value = { topic, event };
  changes[topic].value += 1;
  if (topic === 'alert' && event.title && event.kind !== 'triaged') announce(`Cảnh báo mới: ${event.title}`);
}

export function startStream(): void {
  if (source) return;
  window.clearTimeout(retry);
  live.value = live.value === 'lost' ? 'lost' : 'connecting';
  source = new EventSource(`${kBase}/stream`);
  source.onopen = () => {
    waitMs = 2000;
    // What happened while the line was down is unknown: every page looks again.
    if (live.value === 'lost') for (const topic of Object.values(changes)) topic.value += 1;
    live.value = 'on';
    reachable.value = true;
  };
  source.onerror = () => {
    live.value = 'lost';
    source?.close();
    source = null;
    retry = window.setTimeout(startStream, waitMs);
    waitMs = Math.min(kMaxWaitMs, waitMs * 2);
  };
  for (const topic of Object.keys(changes) as Topic[]) {
    source.addEventListener(topic, (message) => receive(topic, message as MessageEvent<string>));
  }
}

// A request failed while the stream stands: ask again until the hub answers, so that the two never contradict for long.
const kAskAgainMs = 4000;
let asking: number | undefined;
effect(() => {
  window.clearTimeout(asking);
  if (reachable.value || live.value !== 'on') return;
  const ask = (): void => {
    asking = window.setTimeout(() => {
      get('/health').then(() => undefined, ask);
    }, kAskAgainMs);
  };
  ask();
});

export function stopStream(): void {
  window.clearTimeout(retry);
  source?.close();
  source = null;
  live.value = 'off';
}
