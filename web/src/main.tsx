// SPDX-License-Identifier: Apache-2.0
// Start of the portal: who is signed in, then the frame with the page of the address.
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { sessionLost } from './api/client';
import { startKeys } from './app/keys';
import { loadDemo } from './app/demo';
import { lazy } from './app/lazy';
import { startRouter } from './app/router';
import { loadSession, session, startProblem } from './app/session';
import { Shell } from './app/shell';
import { startStream, stopStream } from './app/stream';
import { applyTheme } from './app/theme';
import { Announcer } from './ui/announce';
import { ProblemNote, Skeleton } from './ui/states';
import './styles/base.css';

const SignIn = lazy(() => import('./pages/sign-in'));

function App() {
  const who = session.value;
  const lost = sessionLost.value;
  const inside = !!who && lost === 'no';
  useEffect(() => {
    if (who === undefined) void loadSession();
  }, [who]);
  useEffect(() => {
    if (inside) startStream();
    else stopStream();
  }, [inside]);
  if (startProblem.value) {
    return <main class="alone"><ProblemNote problem={startProblem.value} retry={() => void loadSession()} /></main>;
  }
  if (who === undefined) return <main class="alone"><Skeleton rows={3} /></main>;
  if (who === null || (lost !== 'no' && lost !== 'signed_out')) return <SignIn />;
  // A session that ran out keeps the page behind the sign-in form, so that nothing typed is lost.
  return (
    <>
      <Shell hidden={lost === 'signed_out'} />
      {lost === 'signed_out' && <SignIn again />}
    </>
  );
}

applyTheme();
loadDemo();
startRouter();
startKeys();
render(<><App /><Announcer /></>, document.getElementById('app')!);
