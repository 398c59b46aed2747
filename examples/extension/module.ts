import { computeStep, defineModule, withSettings } from 'catena';
import type { ValuesOf } from 'catena/extension';
import { z } from 'zod';
import type { settings } from './settings.ts';

/** A module of an extension is made of the settings that the extension lets it read. */
export default withSettings(({ 'greeting.word': word }: ValuesOf<typeof settings>) =>
  defineModule({
    name: 'greetings',
    version: '1.0.0',
    input: z.object({ names: z.array(z.string().min(1)).min(1) }),
    steps: { greet: computeStep(z.object({ name: z.string() })) },
    items: { greeting: z.object({ text: z.string() }) },
  }).implement({
    *start({ go, input }) {
      for (const name of input.names) yield go.greet({ name });
    },
    steps: {
      greet: {
        *run({ state, put }) {
          yield put.greeting({ text: `${word}, ${state.name}!` });
        },
      },
    },
  }),
);
