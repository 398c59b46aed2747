/** The stages that ingress calls in other processes. */
import type { Config } from '../../libs/config/config-tree.ts';
import { ErrorThresholdDefinition, ModuleProcessorDefinition } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import { inCallSpan } from '../../libs/telemetry/spans.ts';
import { injectTrace } from '../../libs/telemetry/trace-carrier.ts';
import { clientCallSpan } from '../../libs/transport/grpc/call-spans.ts';
import { createGrpcClient, type GrpcClientOptions } from '../../libs/transport/grpc/client.ts';
import { openDispatchStream } from '../../libs/transport/grpc/dispatch/client.ts';
import { dispatchCodec } from '../../libs/transport/grpc/dispatch/codec.ts';
import { dispatchServers } from '../../libs/transport/grpc/dispatch/servers.ts';
import type { TlsFiles } from '../../libs/transport/grpc/tls-files.ts';
import { dispatchCall } from '../ingress/dispatch-call.ts';
import { preCheckCall } from '../ingress/pre-check-call.ts';
import type { StageName, StageOptions } from '../stages.ts';

export interface RemoteStages {
  readonly calls: NonNullable<StageOptions['remote']>;
  /** Ends the connections; idempotent. */
  close(): Promise<void>;
}

export interface RemoteStagesOptions {
  readonly config: Config;
  readonly tls: TlsFiles | undefined;
  readonly hosted: ReadonlySet<StageName>;
  readonly log: Log;
}

/** A dispatch that waits longer for a module-processor fails, and its message is returned to the bus. */
const DISPATCH_TIMEOUT_MS = 60_000;

const EXECUTE_MODULE = `${ModuleProcessorDefinition.fullName}/${ModuleProcessorDefinition.methods.executeModule.name}`;

/** Connects ingress to the stages that this process does not host. Throws `service.no_target` (fatal). */
export function connectRemoteStages(options: RemoteStagesOptions): RemoteStages {
  const { hosted } = options;
  const isIngress = hosted.has('ingress');
  const processors = isIngress && !hosted.has('module-processor') ? dispatching(options) : undefined;
  const thresholds = isIngress && !hosted.has('error-threshold') ? preChecking(options) : undefined;
  return {
    calls: {
      dispatch: processors?.dispatch ?? notHere,
      preCheck: thresholds?.preCheck ?? notHere,
    },
    close: async () => {
      await processors?.close();
      thresholds?.close();
    },
  };
}

function dispatching(options: RemoteStagesOptions) {
  const target = clientOptions(options, 'grpc.module_processor', options.config.grpc.moduleProcessor);
  const servers = dispatchServers(ModuleProcessorDefinition, target);
  const stream = openDispatchStream({
    codec: dispatchCodec,
    resolve: () => servers.resolve(),
    connect: (server, requests, signal) => servers.calls(server).executeModule(requests, { signal }),
    log: options.log,
  });
  return {
    dispatch: dispatchCall((dispatch) =>
      // The stream lives as long as the process, so each dispatch is a call of its own in traces.
      inCallSpan(
        () => clientCallSpan(EXECUTE_MODULE, target.target),
        () => stream.dispatch({ dispatch, trace: injectTrace() }, AbortSignal.timeout(DISPATCH_TIMEOUT_MS)),
      ),
    ),
    close: async () => {
      await stream.stop();
      servers.close();
    },
  };
}

function preChecking(options: RemoteStagesOptions) {
  const target = clientOptions(options, 'grpc.error_threshold', options.config.grpc.errorThreshold);
  const client = createGrpcClient(ErrorThresholdDefinition, target);
  return {
    preCheck: preCheckCall(client.calls),
    close: () => client.close(),
  };
}

function clientOptions({ config, tls }: RemoteStagesOptions, setting: string, target: string | undefined) {
  if (target === undefined) {
    throw new CatenaError('service.no_target', `ingress has no address to call: ${setting} is not set`, {
      remedy: `set ${setting} to the address of that service, or host the stage beside ingress`,
    });
  }
  const { token, deadlineMs, maxMessageBytes } = config.grpc;
  return { target, token, tls, deadlineMs, maxMessageBytes, waitForReady: true } satisfies GrpcClientOptions;
}

function notHere(): Promise<never> {
  return Promise.reject(new Error('only ingress calls this'));
}
