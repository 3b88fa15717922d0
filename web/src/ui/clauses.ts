// SPDX-License-Identifier: Apache-2.0
// Citation and title of clauses, asked once, for pages that only get their ids.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import { may } from '../app/session';
import type { Clause } from '../api/types';

const known = new Map<string, Promise<Map<string, Clause>>>();

export function useClauses(agency: string | undefined): Map<string, Clause> {
  const [clauses, setClauses] = useState<Map<string, Clause>>(new Map());
  useEffect(() => {
    if (!agency || !may('read:obligation')) return;
    let asked = known.get(agency);
    if (!asked) {
      // One agency is enough: the clauses are the same for all, and the answer stays small.
      asked = get('/obligations/matrix', { query: { agency } }).then((m) => new Map(m.clauses.map((c) => [c.id, c])));
      known.set(agency, asked);
      asked.catch(() => known.delete(agency));
    }
    asked.then(setClauses, () => undefined);  // without titles the id stands there
  }, [agency]);
  return clauses;
}
