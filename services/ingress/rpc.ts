/** The gRPC service of ingress: each method checks its request, calls the ports, and answers with `proto/` messages. */
import type { IngressServiceImplementation } from '../../libs/contracts/services.ts';
import { describeModules } from '../../libs/stage/run/describe-module.ts';
import { getAccount, putAccount } from './api/accounts.ts';
import { discardDeadLetters, listDeadLetters } from './api/dead-letters.ts';
import type { IngressApiDeps } from './api/deps.ts';
import { explain } from './api/explain-run.ts';
import { getOverview } from './api/get-overview.ts';
import { listItems } from './api/list-items.ts';
import { replayDeadLetters } from './api/replay.ts';
import { RunScene } from './api/run-watch.ts';
import { controlRun, listRuns, readRun } from './api/runs.ts';
import { submitTask } from './api/submit-task.ts';

export type { IngressApiDeps } from './api/deps.ts';

/** The implementation of the service. A stream ends with the reason of its call's signal: the client left, or a drain. */
export function createIngressApi(deps: IngressApiDeps): IngressServiceImplementation {
  const watch = new RunScene(deps);
  return {
    submitTask: (request) => submitTask(deps, request),
    getRun: async ({ runId }) => ({ run: await readRun(deps, runId) }),
    async *watchRun({ runId }, { signal }) {
      for await (const run of watch.follow(runId, signal)) yield { run };
    },
    listRuns: (request) => listRuns(deps, request),
    pauseRun: async ({ runId }) => ({ changed: await controlRun(deps, runId, 'pause') }),
    resumeRun: async ({ runId }) => ({ changed: await controlRun(deps, runId, 'resume') }),
    cancelRun: async ({ runId }) => ({ changed: await controlRun(deps, runId, 'cancel') }),
    listItems: (request, { signal }) => listItems(deps, request, signal),
    explainRun: ({ runId }) => explain(deps, runId),
    getOverview: () => getOverview(deps),
    listDeadLetters: (request) => listDeadLetters(deps, request),
    replayDeadLetters: (request, { signal }) => replayDeadLetters(deps, request, signal),
    discardDeadLetters: async (request) => ({ discarded: await discardDeadLetters(deps, request) }),
    listModules: async () => ({ modules: describeModules(deps.modules) }),
    async putAccount(request) {
      await putAccount(deps, request);
      return {};
    },
    getAccount: (request) => getAccount(deps, request),
  };
}
