/** A server over SQLite in memory whose stages a test moves by hand, and the command line against it. */
import { join } from 'node:path';
import { drive, openApi } from '../../../services/ingress/api/ingress-api.fixture.ts';
import { createIngressApi } from '../../../services/ingress/rpc.ts';
import { handle as processModule } from '../../../services/module-processor/handle.ts';
import { serve } from '../../../test/fixtures/grpc/serving.ts';
import { IngressDefinition } from '../../contracts/services.ts';
import { loadModule } from '../../modules/load/load-module.ts';
import { settingsForFiles } from '../../modules/load/module-settings.ts';
import { createRunEnds } from '../../stage/run/run-ends.ts';
import { silentLog } from '../../telemetry/log.ts';
import { neededRole } from '../../transport/grpc/roles.ts';
import { type GrpcServer, type GrpcServerOptions, grpcService } from '../../transport/grpc/server.ts';
import { runCli, startCli } from '../cli.fixture.ts';
import type { CliExtension } from '../context.ts';

const MODULES = join(import.meta.dirname, '../../../test/fixtures/modules');
/** Chains of three steps, each with an item. */
export const CHAINS = join(MODULES, 'three-steps.ts');
/** Three nodes, of which the second fails. */
export const FAILING = join(MODULES, 'wrong-item.ts');

export type TestServer = Awaited<ReturnType<typeof startServer>>;

/** Extensions that server and command line have, and the values that the settings have at the server. */
export interface ServerExtensions {
  readonly extensions?: readonly CliExtension[];
  readonly values?: Readonly<Record<string, unknown>>;
}

/** To be called within a test, and ended by `endServing`. */
export async function startServer(
  files: readonly string[],
  options: Partial<GrpcServerOptions> = {},
  { extensions = [], values = {} }: ServerExtensions = {},
) {
  const settingsFor = settingsForFiles(extensions, () => values);
  const opened = openApi(await Promise.all(files.map((file) => loadModule(file, settingsFor))), {
    cancelUnopened: (runId) => ends.cancel(runId),
  });
  const { bench, deps } = opened;
  const { coordinator, store, tasks, clock, budgets, runs } = bench;
  const backends = { coordinator, store, tasks, clock, budgets, runs };
  const ends = createRunEnds({ ...backends, log: silentLog, release: async () => {} });
  const listen = (port: number): Promise<GrpcServer> =>
    serve(
      {},
      {
        services: [grpcService(IngressDefinition, createIngressApi(deps))],
        neededRole,
        listen: `127.0.0.1:${port}`,
        drainMs: 50,
        ...options,
      },
    );
  const server = await listen(0);
  const place = ['--server', `127.0.0.1:${server.port}`];
  return {
    bench,
    server,
    /** Answers calls again at the same place, after the server was stopped. */
    listenAgain: () => listen(server.port),
    start: (...args: string[]) => startCli([...args, ...place], { extensions }),
    run: (...args: string[]) => runCli([...args, ...place], { extensions }),
    /** Opens what was accepted. */
    open: async () => {
      for (const { runId } of await store.listRuns({ limit: 100, state: 'accepted' })) {
        await processModule(bench.moduleProcessor, { kind: 'start', run: await bench.runs.load(runId) });
      }
    },
    /** Lets the stages work, for so many rounds or until nothing stands due. */
    work: (rounds?: number) => drive(bench, rounds),
  };
}

export function runIdIn(text: string): string {
  return /[\da-f]{8}-[\da-f-]{27}/.exec(text)?.[0] ?? '';
}
