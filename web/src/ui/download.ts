// SPDX-License-Identifier: Apache-2.0
// Fetches a file and hands it to the browser. A plain link would save the problem of a refused request as the file.
import { send } from '../api/client';

export async function download(url: string): Promise<void> {
  const response = await send('get', url);
  const said = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('Content-Disposition') ?? '');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = said ? decodeURIComponent(said[1]!) : '';
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
