/** Brand diagnosis as an extension of Catena: its setting, its module, its commands, its routes, and how its runs end. */
import { defineExtension } from '../extension/extension.ts';
import { addCommands } from './commands/add-commands.ts';
import { MODULE_FILE } from './module/module-file.ts';
import { BRAND_SETTINGS } from './settings.ts';

export const brandExtension = defineExtension({
  name: 'brand',
  settings: BRAND_SETTINGS,
  modules: { files: [MODULE_FILE], settings: ['brand.providers'] },
  commands: addCommands,
  // Imported only on use: most commands open no API and judge no run.
  routes: async (ports) => (await import('./api/diagnosis-api.ts')).diagnosisRoutes(ports),
  describeEnd: async (run, items) => (await import('./status/verdict.ts')).verdictOn(run, items),
});
