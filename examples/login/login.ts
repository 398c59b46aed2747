/** Behind a login: a form is posted once, and the cookies of its answer go along with what follows. */
import { defineModule } from 'catena';
import { z } from 'zod';

const user = z.object({ user: z.string() });

export default defineModule({
  name: 'login',
  version: '1.0.0',
  // An input is stored with its run, for everybody who may read runs. A key that must not be belongs into a secret.
  input: z.object({ base: z.url(), users: z.string().default('ann,bob'), password: z.string() }),
  steps: { login: user, orders: user },
  items: { order: user.extend({ id: z.string().min(1) }) },
}).implement({
  *start({ go, input }) {
    for (const name of input.users.split(',')) yield go.login({ user: name });
  },
  steps: {
    login: {
      request: ({ input, state }) => ({
        url: `${input.base}/login`,
        form: { user: state.user, password: input.password },
        // A run has one cookie jar of its own. Whoever logs in as several names a jar for each.
        session: state.user,
      }),
      // A refused login is often a page with status 200: the form once more.
      expect: { text: 'Welcome' },
      *parse({ go, state }) {
        yield go.orders(state);
      },
    },
    orders: {
      request: ({ input, state }) => ({ url: `${input.base}/orders`, session: state.user }),
      *parse({ $, put, state }) {
        for (const row of $('.order').toArray()) yield put.order({ user: state.user, id: $(row).text() });
      },
    },
  },
});
