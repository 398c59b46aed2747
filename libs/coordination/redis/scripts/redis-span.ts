import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { CallSpan } from '../../../telemetry/spans.ts';
import type { RedisClient } from './script.ts';

/** The span of a command, or of a script by its name: never its source, its keys or its arguments. */
export function redisSpan(redis: RedisClient, command: string, script?: string): CallSpan {
  // A Cluster has no address of its own.
  const { host, port, db } = (redis.options ?? {}) as {
    readonly host?: string;
    readonly port?: number;
    readonly db?: number;
  };
  return {
    name: script === undefined ? command : `${command} ${script}`,
    kind: 'client',
    fields: {
      'db.system.name': 'redis',
      'db.operation.name': command,
      'service.peer.name': 'redis',
      'peer.service': 'redis',
      ...(script === undefined ? {} : { 'db.stored_procedure.name': script }),
      ...(db === undefined ? {} : { 'db.namespace': String(db) }),
      ...(host === undefined ? {} : { [ATTR_SERVER_ADDRESS]: host }),
      ...(port === undefined ? {} : { [ATTR_SERVER_PORT]: port }),
    },
  };
}
