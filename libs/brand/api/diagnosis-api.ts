/** The HTTP API of brand diagnosis: one line per group of routes. */
import type { RoutePorts } from '../../extension/extension.ts';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import { toAlert } from '../consistency/consistency-alert.ts';
import { createConsistencyMonitor } from '../consistency/monitor.ts';
import { configuredRegistry } from '../module/provider-registry.ts';
import type { BrandSettings } from '../settings.ts';
import { consistencyRoutes } from './consistency-routes.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { DiagnosisReader } from './diagnosis-reader.ts';
import { resultRoutes } from './result-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { submissionRoutes } from './submission-routes.ts';

/** How often a run is read while a client waits for it. */
const POLL_INTERVAL_MS = 250;

/** All routes, with a monitor of the status responses of this process. */
export function diagnosisRoutes(ports: RoutePorts<BrandSettings>): HttpRoutes[] {
  const { settings, clock, log, raiseAlert, statusAnswerChecked } = ports;
  const consistency = createConsistencyMonitor({
    ...{ clock, log },
    onCheck: statusAnswerChecked,
    onAlert: (alert) => raiseAlert(toAlert(alert)),
  });
  const models = knownModels(settings['brand.providers']);
  return [
    ...diagnosisApi({ ...ports, models, pollIntervalMs: POLL_INTERVAL_MS, consistency }),
    consistencyRoutes(consistency),
  ];
}

export function diagnosisApi(deps: DiagnosisApiDeps): HttpRoutes[] {
  const reader = new DiagnosisReader(deps);
  return [submissionRoutes(deps), statusRoutes(reader, deps), resultRoutes(reader, deps)];
}

/** The names of the configured registry, read on first use: not every process makes diagnoses. */
function knownModels(providers: string | undefined): () => readonly string[] {
  let names: readonly string[] | undefined;
  return () => (names ??= configuredRegistry(providers).names);
}
