// SPDX-License-Identifier: Apache-2.0
// Pages come as separate files, so that the first screen is small.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { reachable } from '../api/client';
import { ProblemNote, Skeleton } from '../ui/states';

export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [page, setPage] = useState<{ view: ComponentType<P> } | null>(ready ? { view: ready } : null);
    const [failed, setFailed] = useState(0);
    useEffect(() => {
      if (page) return;
      load().then(
        (module) => {
          ready = module.default;
          setPage({ view: module.default });
        },
        () => {
          reachable.value = false;  // the stream asks again at once, and takes it back if it was only the file
          setFailed((n) => (n === 0 ? 1 : n));
        },
      );
    }, []);
    if (page) return <page.view {...props} />;
    if (failed > 0) {
      // Either the line is down or the hub was updated and the old file is gone; a fresh page settles both.
      return <ProblemNote retry={() => window.location.reload()} problem={{
        title: 'chunk', status: 0, code: 'unreachable', text: 'Chưa tải được trang này. Kiểm tra đường mạng rồi thử lại.' }} />;
    }
    return <Skeleton />;
  };
}
