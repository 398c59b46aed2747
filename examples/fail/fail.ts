/** A module that judges itself: too little was found, so its run has failed, and says why. */
import { computeStep, defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const reading = z.object({ sensor: z.string(), value: z.number() });

export default defineModule({
  name: 'fail',
  version: '1.0.0',
  input: z.object({ base: z.url(), atLeast: z.coerce.number().int().default(3) }),
  steps: {
    read: fetchStep(reading.pick({ sensor: true }), { retry: { attempts: 1 } }),
    judge: computeStep(),
  },
  items: { reading },
  phases: [['read'], ['judge']],
}).implement({
  *start({ go }) {
    for (const sensor of ['roof', 'cellar', 'garden']) yield go.read({ sensor });
  },
  steps: {
    read: {
      request: ({ input, state }) => `${input.base}/${state.sensor}`,
      *parse({ text, put, state }) {
        yield put.reading({ sensor: state.sensor, value: Number(text) });
      },
    },
    judge: {
      async *run({ items, input, fail }) {
        const { length } = await Array.fromAsync(items('reading'));
        // The run ends as `terminated`. Its items stay; phases behind this one are not executed.
        if (length < input.atLeast) yield fail(`only ${length} sensors answered, and ${input.atLeast} are needed`);
      },
    },
  },
});
