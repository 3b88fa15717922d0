// SPDX-License-Identifier: Apache-2.0
// The way to the next page of a list: its cursor goes into the address.
import { setQuery } from '../app/router';
import { Button } from './parts';

export function NextPage({ cursor }: { cursor?: string | null }) {
  return cursor ? <p class="pager"><Button onClick={() => setQuery({ cursor })}>Trang sau</Button></p> : null;
}
