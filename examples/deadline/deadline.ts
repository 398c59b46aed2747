/** An answer in time, whole or not: the first phase may use a share of the deadline, the report has the rest. */
import { computeStep, defineModule } from 'catena';
import { z } from 'zod';

const PEOPLE = ['quick', 'slow'];

export default defineModule({
  name: 'deadline',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { ask: z.object({ who: z.string() }), report: computeStep() },
  items: {
    answer: z.object({ who: z.string(), text: z.string() }),
    report: z.object({ answered: z.array(z.string()), late: z.array(z.string()) }),
  },
  // The deadline is the run's (`--deadline 4s`). At a fifth of it the first phase is over, whatever is still under way.
  phases: [{ steps: ['ask'], share: 0.2 }, ['report']],
}).implement({
  *start({ go }) {
    for (const who of PEOPLE) yield go.ask({ who });
  },
  steps: {
    ask: {
      request: ({ input, state }) => `${input.base}/${state.who}`,
      *parse({ text, put, state }) {
        yield put.answer({ who: state.who, text });
      },
    },
    report: {
      async *run({ items, put }) {
        const answered = (await Array.fromAsync(items('answer'))).map(({ who }) => who);
        // Honestly partial: it says who is missing. Look at what was asked, not at `failures()`: the report starts at the
        // very moment of the deadline, and what that cut off is only then ended, as `deadline_exceeded`.
        yield put.report({ answered, late: PEOPLE.filter((who) => !answered.includes(who)) });
      },
    },
  },
});
