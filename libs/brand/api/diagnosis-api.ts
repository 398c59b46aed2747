/** The HTTP API of brand diagnosis: one line per group of routes. */

import { basicRoutes } from '../../transport/http/basic-routes.ts';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import type { ApiTitle } from '../../transport/http/openapi.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { DiagnosisReader } from './diagnosis-reader.ts';
import { resultRoutes } from './result-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { submissionRoutes } from './submission-routes.ts';

export const API_TITLE: ApiTitle = {
  title: 'Catena: brand diagnosis',
  description: 'Asks AI answer engines about a brand and its rivals, and tells what they say.',
  version: '1.0.0',
};

export function diagnosisApi(deps: DiagnosisApiDeps): HttpRoutes[] {
  const reader = new DiagnosisReader(deps);
  return [basicRoutes, submissionRoutes(deps), statusRoutes(reader, deps), resultRoutes(reader, deps)];
}
