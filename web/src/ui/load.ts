// SPDX-License-Identifier: Apache-2.0
// Loading something for a page: cancels when the wish changes, keeps the old answer on screen while the new one comes.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { problemFrom } from '../api/client';
import type { Problem } from '../api/types';

export interface Loaded<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
  /** Put in what an action answered, without asking again. */
  set: (data: T) => void;
}

export function useLoad<T>(load: (abort: AbortSignal) => Promise<T>, wish: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; problem: Problem | null; loading: boolean }>(
    { data: null, problem: null, loading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    setState((s) => ({ ...s, loading: true }));
    latest.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, problem: null, loading: false });
      },
      (cause: unknown) => {
        if (!abort.signal.aborted) setState((s) => ({ data: s.data, problem: problemFrom(cause), loading: false }));
      },
    );
    return () => abort.abort();
  }, [...wish, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const set = useCallback((data: T) => setState({ data, problem: null, loading: false }), []);
  return { ...state, reload, set };
}

/** True once `on` has held for 300 ms: skeletons that flash by are worse than none. */
export function useSlow(on: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!on) {
      setSlow(false);
      return undefined;
    }
    const timer = window.setTimeout(() => setSlow(true), 300);
    return () => window.clearTimeout(timer);
  }, [on]);
  return slow;
}

/** Runs `act` when the counter moves, at most once in `everyMs`, and not on the first render. */
export function useChange(counter: number, act: () => void, everyMs = 3000): void {
  const first = useRef(counter);
  const last = useRef(0);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (counter === first.current) return undefined;
    first.current = counter;
    const wait = Math.max(0, last.current + everyMs - Date.now());
    const timer = window.setTimeout(() => {
      last.current = Date.now();
      latest.current();
    }, wait);
    return () => window.clearTimeout(timer);
  }, [counter]);
}

/** Renders again every `ms`, for texts such as "5 phút trước". */
export function useTick(ms = 30_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), ms);
    return () => window.clearInterval(timer);
  }, [ms]);
  return now;
}
