// SPDX-License-Identifier: Apache-2.0
// The only place that talks to the hub. Every call is typed by the OpenAPI document; every failure is an ApiError whose
// problem holds a Vietnamese sentence.
import { signal } from '@preact/signals';
import type { paths } from './schema';
import type { Problem } from './types';

export const kBase = '/api/v1';

/** False after a request could not reach the hub; true again after one did. */
export const reachable = signal(true);

/** Why nothing else is open: nobody is signed in, or the account has something to do first. */
export type Lost = 'no' | 'signed_out' | 'must_change_password' | 'must_enrol_totp' | 'training_missing';
export const sessionLost = signal<Lost>('no');

let csrfToken = '';
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.text);
  }
}

type Json<C> = C extends { content: { 'application/json': infer T } } ? T : undefined;
type Replies<O> = O extends { responses: infer R }
  ? 200 extends keyof R
    ? Json<R[200]>
    : 201 extends keyof R
      ? Json<R[201]>
      : undefined
  : never;
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer T } } } ? T : undefined;
type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined;
type Method = 'get' | 'post' | 'patch' | 'delete';
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;

export interface Options<O> {
  path?: Record<string, string>;
  query?: Query<O>;
  body?: Body<O>;
  signal?: AbortSignal;
}

export function address(path: string, params: Record<string, string> = {}, query: object = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return kBase + filled + (text ? `?${text}` : '');
}

function unreachable(): ApiError {
  return new ApiError({
    title: 'unreachable',
    status: 0,
    code: 'unreachable',
    text: 'Không liên lạc được với máy chủ. Kiểm tra đường mạng rồi thử lại; những gì đã nhập vẫn còn.',
  });
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.text === 'string' && typeof body.code === 'string') {
      return { title: '', status: response.status, ...body, code: body.code, text: body.text };
    }
  } catch {
    // Not JSON: something between us and the hub answered.
  }
  return {
    title: response.statusText,
    status: response.status,
    code: response.status === 403 ? 'denied' : response.status === 404 ? 'not_found' : 'unknown',
    text: `Máy chủ trả lời lỗi ${response.status}. Thử lại sau ít phút; nếu vẫn lỗi, báo quản trị viên.`,
  };
}

export async function send(method: Method, url: string, body?: BodyInit, headers: Record<string, string> = {},
                           abort?: AbortSignal): Promise<Response> {
  if (method !== 'get') headers['X-CSRF-Token'] = csrfToken;
  let response: Response;
  try {
    response = await fetch(url, { method: method.toUpperCase(), body, headers, signal: abort ?? null,
                                  credentials: 'same-origin' });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    reachable.value = false;
    throw unreachable();
  }
  reachable.value = true;
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && problem.code !== 'sign_in_failed' && url !== `${kBase}/session`) sessionLost.value = 'signed_out';
  const first = problem.code as Lost;
  if (['must_change_password', 'must_enrol_totp', 'training_missing'].includes(first) && sessionLost.value === 'no') sessionLost.value = first;
  throw new ApiError(problem);
}

async function call(method: Method, path: string, options: Options<unknown>): Promise<unknown> {
  const url = address(path, options.path, options.query ?? {});
  const hasBody = options.body !== undefined;
  const headers: Record<string, string> = hasBody ? { 'Content-Type': 'application/json' } : {};
  const response = await send(method, url, hasBody ? JSON.stringify(options.body) : undefined, headers, options.signal);
  if (response.status === 204) return undefined;
  return response.json();
}

export function get<P extends PathsWith<'get'>>(path: P, options: Options<Operation<P, 'get'>> = {}):
    Promise<Replies<Operation<P, 'get'>>> {
  return call('get', path, options) as Promise<Replies<Operation<P, 'get'>>>;
}
export function post<P extends PathsWith<'post'>>(path: P, options: Options<Operation<P, 'post'>> = {}):
    Promise<Replies<Operation<P, 'post'>>> {
  return call('post', path, options) as Promise<Replies<Operation<P, 'post'>>>;
}
export function patch<P extends PathsWith<'patch'>>(path: P, options: Options<Operation<P, 'patch'>> = {}):
    Promise<Replies<Operation<P, 'patch'>>> {
  return call('patch', path, options) as Promise<Replies<Operation<P, 'patch'>>>;
}
export function remove<P extends PathsWith<'delete'>>(path: P, options: Options<Operation<P, 'delete'>> = {}):
    Promise<Replies<Operation<P, 'delete'>>> {
  return call('delete', path, options) as Promise<Replies<Operation<P, 'delete'>>>;
}

export interface Upload {
  promise: Promise<unknown>;
  abort: () => void;
}

/** A binary upload with progress; fetch cannot report the progress of a request body. */
export function upload(url: string, body: Blob, headers: Record<string, string>,
                       progress: (sent: number, total: number) => void): Upload {
  const request = new XMLHttpRequest();
  const promise = new Promise<unknown>((resolve, reject) => {
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader('X-CSRF-Token', csrfToken);
    request.upload.onprogress = (e) => progress(e.loaded, e.total);
    request.onerror = () => {
      reachable.value = false;
      reject(unreachable());
    };
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    request.onload = () => {
      reachable.value = true;
      const response = new Response(request.responseText, { status: Math.max(200, request.status) });
      if (response.ok) resolve(JSON.parse(request.responseText));
      else void problemOf(response).then((problem) => reject(new ApiError(problem)));
    };
    request.send(body);
  });
  return { promise, abort: () => request.abort() };
}

export function problemFrom(cause: unknown): Problem {
  if (cause instanceof ApiError) return cause.problem;
  return { title: 'bug', status: 0, code: 'bug', text: 'Trang này gặp lỗi. Tải lại trang; nếu vẫn lỗi, báo quản trị viên.',
           detail: String(cause) };
}
