/** Brand diagnosis as an extension of Catena: its setting, its module, its commands, its routes, and how its runs end. */
import { extname } from 'node:path';
import { defineExtension } from '../extension/extension.ts';
import { addCommands } from './commands/add-commands.ts';
import { BRAND_SETTINGS } from './settings.ts';

/** The ending of this file, for the source or for the built package. */
const MODULE = new URL(`./module/brand-diagnosis${extname(import.meta.filename)}`, import.meta.url);

export const brandExtension = defineExtension({
  name: 'brand',
  settings: BRAND_SETTINGS,
  modules: { files: [MODULE], settings: ['brand.providers'] },
  commands: addCommands,
  // Imported only on use: most commands open no API and judge no run.
  routes: async (ports) => (await import('./api/diagnosis-api.ts')).diagnosisRoutes(ports),
  describeEnd: async (run, items) => (await import('./status/verdict.ts')).verdictOn(run, items),
});
