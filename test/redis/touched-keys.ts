/** What scripts really touch, as the server tells it through MONITOR. */
import type { Redis } from 'ioredis';

/** Commands of scripts that name no key. */
const KEYLESS: ReadonlySet<string> = new Set(['TIME']);
/** Commands of scripts whose arguments are keys to the last. */
const MANY_KEYS: ReadonlySet<string> = new Set(['UNLINK', 'DEL', 'EXISTS', 'MGET']);

export interface KeyWatch {
  /** Script calls that were seen. */
  readonly calls: number;
  /** Commands that scripts ran. */
  readonly commands: number;
  /** `COMMAND key` of each key that was not among the KEYS of its call. */
  readonly undeclared: readonly string[];
  stop(): void;
}

export async function watchKeys(redis: Redis): Promise<KeyWatch> {
  const monitor = await redis.monitor();
  let declared: ReadonlySet<string> = new Set();
  let calls = 0;
  let commands = 0;
  const undeclared: string[] = [];
  // The server runs one script at a time: what it says from within one belongs to the call before.
  monitor.on('monitor', (_time: string, args: readonly string[], source: string) => {
    const [name = '', ...rest] = args;
    const command = name.toUpperCase();
    if (source !== 'lua') {
      if (command !== 'EVALSHA' && command !== 'EVAL') return;
      calls += 1;
      declared = new Set(rest.slice(2, 2 + Number(rest[1])));
      return;
    }
    commands += 1;
    if (KEYLESS.has(command)) return;
    const keys = MANY_KEYS.has(command) ? rest : rest.slice(0, 1);
    undeclared.push(...keys.filter((key) => !declared.has(key)).map((key) => `${command} ${key}`));
  });
  return {
    get calls() {
      return calls;
    },
    get commands() {
      return commands;
    },
    undeclared,
    stop: () => monitor.disconnect(),
  };
}
