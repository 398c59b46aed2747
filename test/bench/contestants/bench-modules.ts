/** The modules of a contestant: in workers, as by default, or in the main thread. */
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../libs/config/load-config.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { type OpenedModules, openModules } from '../../../libs/workers/open-modules.ts';

export type Place = 'workers' | 'inline';

const FIXTURES = new URL('../../fixtures/modules/', import.meta.url);

/** Opens a module of `test/fixtures/modules`. */
export function openBenchModule(file: string, place: Place): Promise<OpenedModules> {
  const overrides = place === 'inline' ? { 'execution.workers': 0 } : {};
  const { config } = loadConfig({ env: {}, overrides });
  const settingsFor = () => undefined;
  return openModules({ files: [fileURLToPath(new URL(file, FIXTURES))], settingsFor, config, env: {}, log: silentLog });
}
