/** Calls that cost money, and a run that may not cost more than its cap. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const answer = z.object({ text: z.string(), price: z.number() });

export default defineModule({
  name: 'cost-cap',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { ask: fetchStep(z.object({ n: z.number() }), { retry: { attempts: 1 } }) },
  items: { answer },
}).implement({
  *start({ go }) {
    for (let n = 1; n <= 6; n++) yield go.ask({ n });
  },
  steps: {
    ask: {
      request: ({ input, state }) => ({
        url: `${input.base}/ask`,
        json: { question: state.n },
        // Set aside before it is sent. A request that the cap has no room for is not sent: it ends as `budget.exhausted`.
        cost: { atMost: 0.5 },
      }),
      *parse({ json, charge, put }) {
        const answered = answer.parse(json);
        // What it cost in truth; the rest of what was set aside is free again. Without this it counts as `atMost`.
        yield charge(answered.price);
        yield put.answer(answered);
      },
    },
  },
});
