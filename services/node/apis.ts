/** The gRPC services that a process of distributed mode serves: those of the stages that it hosts. */

import type { ProcessInfo } from '../../libs/bus/process-info.ts';
import type { ModuleRegistry } from '../../libs/calls/registry.ts';
import { Slots } from '../../libs/concurrency/slots.ts';
import type { Config } from '../../libs/config/config-tree.ts';
import {
  DownloaderDefinition,
  ErrorThresholdDefinition,
  IngressDefinition,
  ModuleProcessorDefinition,
  ParserDefinition,
} from '../../libs/contracts/services.ts';
import { tracedDispatch } from '../../libs/stage/observe/stage-span.ts';
import type { TaskSubmission } from '../../libs/stage/run/submit.ts';
import type { NewRun } from '../../libs/store/port.ts';
import type { Health } from '../../libs/telemetry/health.ts';
import { dispatchCodec } from '../../libs/transport/grpc/dispatch/codec.ts';
import { serveDispatch } from '../../libs/transport/grpc/dispatch/serve.ts';
import type { ServedCall } from '../../libs/transport/grpc/served-calls.ts';
import { type GrpcService, grpcService } from '../../libs/transport/grpc/server.ts';
import { createDownloaderApi } from '../downloader/rpc.ts';
import { createErrorThresholdApi } from '../error-threshold/rpc.ts';
import { createIngressApi } from '../ingress/rpc.ts';
import { createModuleProcessorApi } from '../module-processor/rpc.ts';
import { createParserApi } from '../parser/rpc.ts';
import type { Backends, StageName, Stages } from '../stages.ts';

export interface ApiDeps {
  readonly config: Config;
  readonly backends: Backends;
  readonly stages: Stages;
  readonly modules: ModuleRegistry;
  readonly submit: (task: TaskSubmission) => Promise<NewRun>;
  readonly health: Health;
  /** The processes of the deployment, with what they do now. */
  readonly processes: () => Promise<readonly ProcessInfo[]>;
}

/** How often a watched run is read. */
const WATCH_INTERVAL_MS = 250;

const SERVICES: { readonly [Name in StageName]: (deps: ApiDeps) => GrpcService } = {
  ingress: (deps) => grpcService(IngressDefinition, createIngressApi(ingressDeps(deps))),
  'module-processor': ({ config, backends, stages, modules }) => {
    const slots = new Slots(config.taskConcurrency);
    return grpcService(
      ModuleProcessorDefinition,
      createModuleProcessorApi<ServedCall>({
        runs: stages.runs,
        execute: tracedDispatch((dispatch) => stages.moduleProcessor.execute(dispatch)),
        log: backends.log,
        modules,
        serveStream:
          (execute) =>
          (requests, { signal, drain }) =>
            serveDispatch(requests, { codec: dispatchCodec, execute, slots, signal, drain }),
      }),
    );
  },
  downloader: ({ config, backends, stages }) => {
    const { http, robots, bodyMemory } = stages;
    const asked = config.robots.enabled ? robots : undefined;
    const { limiter, clock } = backends;
    return grpcService(
      DownloaderDefinition,
      createDownloaderApi({ http, limiter, clock, bodyMemory, guard: stages.breakerGuard, robots: asked }),
    );
  },
  parser: ({ modules }) => grpcService(ParserDefinition, createParserApi({ modules })),
  'error-threshold': ({ backends, stages }) => {
    const { coordinator, store } = backends;
    const { thresholdDeps, tasks } = stages;
    return grpcService(ErrorThresholdDefinition, createErrorThresholdApi({ thresholdDeps, coordinator, store, tasks }));
  },
};

/** The services of the hosted stages. */
export function createApis(deps: ApiDeps, hosted: ReadonlySet<StageName>): GrpcService[] {
  return [...hosted].map((name) => SERVICES[name](deps));
}

function ingressDeps({ backends, stages, modules, submit, processes, health }: ApiDeps) {
  const { store, coordinator, clock, log, limiter, breakers, budgets } = backends;
  return {
    backends: () => health.report().backends,
    store,
    coordinator,
    budgets,
    modules,
    clock,
    log,
    submit,
    tasks: stages.tasks,
    processes,
    cancelUnopened: (runId: string) => stages.runEnds.cancel(runId),
    limits: (keys: readonly string[]) => limiter.look(keys),
    breakers,
    bodyMemory: stages.bodyMemory,
    publisher: stages.publisher,
    pollIntervalMs: WATCH_INTERVAL_MS,
  };
}
