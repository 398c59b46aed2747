/** The gRPC service of ingress: each method checks its request, calls the ports, and answers with `proto/` messages. */
import type { IngressServiceImplementation } from '../../libs/contracts/services.ts';
import { describeModules } from '../../libs/stage/run/describe-module.ts';
import { audit } from '../../libs/telemetry/audit.ts';
import { getAccount, putAccount } from './api/accounts.ts';
import { discardDeadLetters, listDeadLetters } from './api/dead-letters.ts';
import type { IngressApiDeps } from './api/deps.ts';
import { explain } from './api/explain-run.ts';
import { findRun } from './api/find-run.ts';
import { getOverview } from './api/get-overview.ts';
import { listItems } from './api/list-items.ts';
import { replayDeadLetters } from './api/replay.ts';
import { RunScene } from './api/run-watch.ts';
import { controlRun, listRuns, readRun } from './api/runs.ts';
import { submitTask } from './api/submit-task.ts';
import { getTask, liftTask, listTasks, terminateTask } from './api/tasks.ts';

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
    pauseRun: async ({ runId }) => ({ changed: await audited(deps, 'pause', runId) }),
    resumeRun: async ({ runId }) => ({ changed: await audited(deps, 'resume', runId) }),
    cancelRun: async ({ runId }) => ({ changed: await audited(deps, 'cancel', runId) }),
    listItems: (request, { signal }) => listItems(deps, request, signal),
    explainRun: ({ runId }) => explain(deps, runId),
    getOverview: () => getOverview(deps),
    getTask: async (request) => ({ task: await getTask(deps, request) }),
    listTasks: (request) => listTasks(deps, request),
    terminateTask: async (request) => ({ changed: await terminateTask(deps, request) }),
    liftTask: async (request) => ({ changed: await liftTask(deps, request) }),
    listDeadLetters: (request) => listDeadLetters(deps, request),
    replayDeadLetters: (request, { signal }) => replayDeadLetters(deps, request, signal),
    discardDeadLetters: async (request) => {
      const discarded = await discardDeadLetters(deps, request);
      audit(deps.log, 'discard_dead_letters', { run_id: request.runId, discarded });
      return { discarded };
    },
    listModules: async () => ({ modules: describeModules(deps.modules) }),
    async putAccount(request) {
      await putAccount(deps, request);
      audit(deps.log, 'put_account', { account: request.account, platform: request.platform });
      return {};
    },
    getAccount: (request) => getAccount(deps, request),
  };
}

async function audited(deps: IngressApiDeps, action: 'pause' | 'resume' | 'cancel', runId: string): Promise<boolean> {
  const changed = await controlRun(deps, runId, action);
  const { taskId } = await findRun(deps.store, runId);
  audit(deps.log, action, { run_id: runId, task_id: taskId, changed });
  return changed;
}
