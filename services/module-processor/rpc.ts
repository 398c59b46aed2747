/** The gRPC service of the module-processor, which ingress calls. */
import { ModuleProcessorDefinition, type ModuleProcessorServiceImplementation } from '../../libs/contracts/services.ts';
import { describeModules, type ModuleCatalogue } from '../../libs/stage/run/describe-module.ts';
import { inSpan } from '../../libs/telemetry/spans.ts';
import { withExtractedTrace } from '../../libs/telemetry/trace-carrier.ts';
import { servedCallSpan } from '../../libs/transport/grpc/call-spans.ts';
import type { DispatchRequest, DispatchResponse } from '../../libs/transport/grpc/dispatch/codec.ts';
import { answerDispatch, type DispatchCallDeps } from './dispatch-call.ts';

type ExecuteModule<Context> = ModuleProcessorServiceImplementation<Context>['executeModule'];

export interface ModuleProcessorApiDeps<Context> extends DispatchCallDeps {
  readonly modules: ModuleCatalogue;
  /** Serves a stream of dispatches: grants credit, answers each dispatch, and ends when it is drained. */
  readonly serveStream: (answer: (request: DispatchRequest) => Promise<DispatchResponse>) => ExecuteModule<Context>;
}

const EXECUTE_MODULE = `${ModuleProcessorDefinition.fullName}/${ModuleProcessorDefinition.methods.executeModule.name}`;

/** The implementation of the service. */
export function createModuleProcessorApi<Context>(
  deps: ModuleProcessorApiDeps<Context>,
): ModuleProcessorServiceImplementation<Context> {
  return {
    executeModule: deps.serveStream(({ dispatch, trace }) =>
      withExtractedTrace(trace, () => inSpan(servedCallSpan(EXECUTE_MODULE), () => answerDispatch(deps, dispatch))),
    ),
    describeModules: async () => ({ modules: describeModules(deps.modules) }),
  };
}
