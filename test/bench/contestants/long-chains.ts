/**
 * Chains of many steps without network: few nodes are open at a time, one per chain, while the finished ones grow. Each
 * step leaves an item, so that a lost or a doubled one shows.
 */
import { computeStep, defineModule } from 'catena';
import { z } from 'zod';

export const longChains = defineModule({
  name: 'long-chains',
  version: '1.0.0',
  input: z.object({ chains: z.number().int().positive(), length: z.number().int().positive() }),
  steps: { link: computeStep(z.object({ chain: z.number(), place: z.number() })) },
  items: { passed: z.object({ chain: z.number(), place: z.number() }) },
}).implement({
  *start({ go, input }) {
    for (let chain = 0; chain < input.chains; chain++) yield go.link({ chain, place: 0 });
  },
  steps: {
    link: {
      *run({ go, input, put, state }) {
        yield put.passed(state);
        const place = state.place + 1;
        if (place < input.length) yield go.link({ chain: state.chain, place });
      },
    },
  },
});
