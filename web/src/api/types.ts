// SPDX-License-Identifier: Apache-2.0
// Short names for the schemas of src/api/openapi.yaml (schema.d.ts is generated: npm run types).
import type { components } from './schema';

type S = components['schemas'];
export type Problem = S['Problem'];
export type Session = S['Session'];
export type Role = S['Role'];
export type Status = S['Status'];
export type StatusCounts = S['StatusCounts'];
export type Level = S['Level'];
export type Overview = S['Overview'];
export type Alert = S['Alert'];
export type AlertDetail = S['AlertDetail'];
export type AlertStatus = S['AlertStatus'];
export type LogEvent = S['Event'];
export type SearchStats = S['SearchStats'];
export type Histogram = S['Histogram'];
export type ValueCount = S['ValueCount'];
export type Device = S['Device'];
export type DeviceDetail = S['DeviceDetail'];
export type Fact = S['Fact'];
export type Clause = S['Clause'];
export type ClauseDetail = S['ClauseDetail'];
export type Matrix = S['Matrix'];
export type MatrixCell = S['MatrixCell'];
export type Obligation = S['Obligation'];
export type Evidence = S['Evidence'];
export type CaseSummary = S['CaseSummary'];
export type Case = S['Case'];
export type Clock = S['Clock'];
export type StepDefinition = S['StepDefinition'];
export type StepState = S['StepState'];
export type StepAct = S['StepAct'];
export type Attachment = S['Attachment'];
export type Agency = S['Agency'];
export type UserAccount = S['UserAccount'];
export type Pack = S['Pack'];
export type RuleSummary = S['RuleSummary'];
