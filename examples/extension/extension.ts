import { fileURLToPath } from 'node:url';
import { defineExtension, runModule, withLocation } from 'catena/extension';
import { greetingRoutes } from './routes.ts';
import { settings } from './settings.ts';

const MODULE = new URL('./module.ts', import.meta.url);

export default defineExtension({
  name: 'greeting',
  settings,
  modules: { files: [MODULE], settings: ['greeting.word'] },
  commands(program, context, done) {
    const command = program
      .command('greet')
      .argument('<names...>', 'whom')
      .description('greet people: a run of the module `greetings`, its items on standard output');
    withLocation(command).action(async (names: readonly string[], options) => {
      const input = [`names=${JSON.stringify(names)}`];
      const asked = { ...options, input, output: '-', account: 'default', platform: 'default' };
      done(await runModule(context, fileURLToPath(MODULE), asked));
    });
  },
  routes: (ports) => [greetingRoutes(ports)],
});
