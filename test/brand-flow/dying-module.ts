/** A module whose process ends as `kill -9` would end it, in a step that a test chooses. */
import { armFailpoint, FAILPOINTS, type Failpoint } from '../../libs/failpoints/failpoint.ts';
import type { Emission, Emissions, ModuleDefinition } from '../../libs/modules/contract/definition.ts';

/** When it dies: the `pass`-th time that the step has yielded everything, there or at the next passing of a failpoint. */
export interface Death {
  readonly step: string;
  readonly point: 'inside' | Failpoint;
  readonly pass: number;
}

/** Reads `step:point:pass`; throws when there is no such point. */
export function parseDeath(text: string): Death {
  const [step = '', point = '', pass = '1'] = text.split(':');
  const known = (['inside', ...FAILPOINTS] as const).find((each) => each === point);
  if (known === undefined)
    throw new Error(`"${text}" is no death: write step:point:pass, with a point of libs/failpoints`);
  return { step, point: known, pass: Number(pass) };
}

/** The module, changed so that it dies; its parses and its compute steps are what is counted. */
export function dying(module: ModuleDefinition, { step, point, pass }: Death): ModuleDefinition {
  const fatal = module.steps.findIndex(({ name }) => name === step);
  let passes = 0;
  const strike = (): void => {
    passes += 1;
    if (passes !== pass) return;
    if (point === 'inside') process.kill(process.pid, 'SIGKILL');
    else armFailpoint(point, 1);
  };
  const parse = module.parse.bind(module);
  const compute = module.compute.bind(module);
  return Object.assign(module, {
    parse: (at: number, call: Parameters<typeof parse>[1]) =>
      at === fatal ? followedBy(parse(at, call), strike) : parse(at, call),
    compute: (at: number, call: Parameters<typeof compute>[1]) =>
      at === fatal ? followedBy(compute(at, call), strike) : compute(at, call),
  });
}

async function* followedBy(emissions: Emissions, strike: () => void): AsyncGenerator<Emission> {
  yield* emissions;
  strike();
}
