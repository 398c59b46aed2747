/** Checks the servers before anything is stored on them. */
import { checkNats } from '../../libs/bus/nats/check-nats.ts';
import { connectNats } from '../../libs/bus/nats/connect.ts';
import { checkRedisAt } from '../../libs/coordination/redis/capabilities.ts';
import type { RedisAddress } from '../../libs/coordination/redis/connection/address.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface ServerChecksOptions {
  readonly natsUrl: string;
  readonly redis: RedisAddress;
  /** Whether a change of a run must be on disk before it counts. */
  readonly isStrict: boolean;
  /** Number of servers that store each message. */
  readonly replicas: number;
  readonly maxMessageBytes: number;
  /** Whether a Redis that could lose open runs is only a warning. */
  readonly allowLoss: boolean;
  readonly log: Log;
}

/** One requirement that a server does not meet. */
export interface ServerProblem {
  readonly code: string;
  /** `warning`: the server works, but a setting could be better. */
  readonly severity: 'error' | 'warning';
  /** The value that was found. */
  readonly message: string;
  readonly remedy: string;
}

/** The disk space that the streams of a deployment need at least. */
export const NATS_STORAGE_BYTES = 1_024 * 1_024 * 1_024;

/** Logs the warnings. Throws `service.unfit_server` (fatal), which lists every error, or what connecting throws. */
export async function requireSafeServers(options: ServerChecksOptions): Promise<void> {
  const problems = (await Promise.all([natsProblems(options), redisProblems(options)])).flat();
  for (const { code, message, remedy } of problems.filter(({ severity }) => severity === 'warning')) {
    options.log.warn('a server check found a setting that could be safer', { code, reason: message, remedy });
  }
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw unfit(errors);
}

async function redisProblems({ redis, isStrict, allowLoss }: ServerChecksOptions): Promise<readonly ServerProblem[]> {
  const problems = await checkRedisAt(redis, { isStrict });
  return problems.map(({ level, problem, remedy }) => {
    if (level === 'fatal') return { code: 'redis.unfit', severity: 'error', message: problem, remedy };
    const allowed = allowLoss ? remedy : `${remedy}, or set cache.allow_loss to start anyway`;
    return { code: 'redis.would_lose', severity: allowLoss ? 'warning' : 'error', message: problem, remedy: allowed };
  });
}

async function natsProblems({
  natsUrl,
  replicas,
  maxMessageBytes,
}: ServerChecksOptions): Promise<readonly ServerProblem[]> {
  const connection = await connectNats({ url: natsUrl, name: 'catena-checks' });
  try {
    return await checkNats(connection, {
      replicas,
      maxMessageBytes,
      storageBytes: NATS_STORAGE_BYTES,
      durability: 'process',
    });
  } finally {
    await connection.close();
  }
}

function unfit(problems: readonly ServerProblem[]): CatenaError {
  const lines = problems.map(({ message, remedy }) => `  ${message}; ${remedy}`);
  return new CatenaError('service.unfit_server', `a server does not meet the requirements:\n${lines.join('\n')}`, {
    data: { problems: problems.map(({ code }) => code) },
    remedy: 'correct the servers and start again',
  });
}
