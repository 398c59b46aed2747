/** Which process a span or a metric comes from, as OpenTelemetry names it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_NAMESPACE,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { OtelEnvironment } from './otel-environment.ts';

/** One process, from its start to its end. */
const INSTANCE = randomUUID();

/**
 * Attributes of the resource. Those of the environment go before ours: there Kubernetes tells the pod and its namespace, which a
 * process does not know itself.
 */
export function resourceOf(
  { serviceName, attributes }: Pick<OtelEnvironment, 'serviceName' | 'attributes'>,
  version: string,
): Record<string, string> {
  return {
    [ATTR_SERVICE_NAMESPACE]: 'catena',
    [ATTR_SERVICE_INSTANCE_ID]: INSTANCE,
    'host.name': hostname(),
    'process.pid': String(process.pid),
    ...attributes,
    [ATTR_SERVICE_NAME]: serviceName,
    [ATTR_SERVICE_VERSION]: version,
  };
}
