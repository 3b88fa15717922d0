// SPDX-License-Identifier: Apache-2.0
// A file that is sent in parts: what the portal does while the hub is away or still checks the whole file.
import { expect, test, vi } from 'vitest';

vi.mock('../app/session', () => ({ may: () => true, session: { value: null } }));
import { sendInParts } from './custody';

const reply = (status: number, body: object): Response => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

test('asked again while the file is being checked, the item is waited for; a refusal is told', async () => {
  vi.stubGlobal('setTimeout', (then: () => void) => queueMicrotask(then));  // nobody waits here
  const answers = [
    reply(201, { id: 'u1', received: 0, part_bytes_max: 4 }),
    reply(503, { code: 'unavailable', text: 'x', status: 503 }),
    reply(409, { code: 'being_checked', text: 'x', status: 409 }),
    reply(201, { id: 'u1', number: 'E001' }),
    reply(201, { id: 'u2', received: 0, part_bytes_max: 4 }),
    reply(409, { code: 'conflict', text: 'không được', status: 409 }),
  ];
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return answers.shift()!;
  });
  const nothing = new File([], 'a.log');  // no parts: only the asking at the end is looked at
  expect((await sendInParts(nothing, {} as never, () => undefined).promise).number).toBe('E001');
  expect(asked.filter((url) => url.endsWith('/evidence/uploads/u1/finish'))).toHaveLength(3);
  await expect(sendInParts(nothing, {} as never, () => undefined).promise).rejects.toThrow('không được');
  vi.unstubAllGlobals();
});
