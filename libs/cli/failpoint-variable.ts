import { type Environment, FAILPOINT_VARIABLE } from '../config/environment.ts';
import { CatenaError } from '../errors/catena-error.ts';
import { armFailpoint, FAILPOINTS, type Failpoint } from '../failpoints/failpoint.ts';

/** Arms the failpoint that a crash test names in the environment, as `name` or `name:hit`. Throws `cli.bad_failpoint`. */
export function armNamedFailpoint(env: Environment): void {
  const text = env[FAILPOINT_VARIABLE];
  if (text === undefined || text === '') return;
  const [name = '', hit = '1'] = text.split(':');
  if (!isFailpoint(name) || !/^[1-9]\d*$/.test(hit)) {
    throw new CatenaError('cli.bad_failpoint', `${FAILPOINT_VARIABLE} is "${text}", which names no failpoint`, {
      remedy: `write name or name:hit; the names are ${FAILPOINTS.join(', ')}`,
    });
  }
  armFailpoint(name, Number(hit));
}

function isFailpoint(name: string): name is Failpoint {
  return (FAILPOINTS as readonly string[]).includes(name);
}
