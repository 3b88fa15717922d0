// SPDX-License-Identifier: Apache-2.0
// "Vì sao?" as its own file: what stands behind a status is loaded when somebody asks.
import { lazy } from '../app/lazy';
import type { WhyProps } from './why';

export type { Question } from './why';
export const Why = lazy<WhyProps>(() => import('./why').then(({ Why: view }) => ({ default: view })));
