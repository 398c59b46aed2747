/** Looks at the servers before anything is trusted to them. */
import { checkNats } from '../../libs/bus/nats/check-nats.ts';
import { connectNats } from '../../libs/bus/nats/connect.ts';
import { checkRedisAt } from '../../libs/coordination/redis/capabilities.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Log } from '../../libs/telemetry/log.ts';

export interface ServerChecksOptions {
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** Servers that keep each message. */
  readonly replicas: number;
  readonly maxMessageBytes: number;
  /** Whether a Redis that would forget open runs is a warning only. */
  readonly allowLoss: boolean;
  readonly log: Log;
}

/** One thing about a server that is not as it must be. */
export interface ServerProblem {
  readonly code: string;
  /** `warning`: it works, but less well than it might. */
  readonly severity: 'error' | 'warning';
  /** What was read. */
  readonly message: string;
  readonly remedy: string;
}

/** What all streams of a deployment may come to take on disk, at the least. */
const NATS_STORAGE_BYTES = 1_024 * 1_024 * 1_024;

/** Logs what is a warning. Throws `service.unfit_server` (fatal) with every error, or what connecting throws. */
export async function requireSafeServers(options: ServerChecksOptions): Promise<void> {
  const problems = (await Promise.all([natsProblems(options), redisProblems(options)])).flat();
  for (const { code, message, remedy } of problems.filter(({ severity }) => severity === 'warning')) {
    options.log.warn('a server could be safer', { code, reason: message, remedy });
  }
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw unfit(errors);
}

async function redisProblems({ redisUrl, allowLoss }: ServerChecksOptions): Promise<readonly ServerProblem[]> {
  const problems = await checkRedisAt(redisUrl);
  return problems.map(({ level, problem, remedy }) => {
    if (level === 'fatal') return { code: 'redis.unfit', severity: 'error', message: problem, remedy };
    const allowed = allowLoss ? remedy : `${remedy}, or set cache.allow_loss to start all the same`;
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
  return new CatenaError('service.unfit_server', `a server is not fit for Catena:\n${lines.join('\n')}`, {
    data: { problems: problems.map(({ code }) => code) },
    remedy: 'correct the servers and start again',
  });
}
