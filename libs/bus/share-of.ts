import { NO_SHARE, type Share } from '../concurrency/fair-queue.ts';
import type { ModelOf, SubjectKind } from '../contracts/chain.ts';
import type { TaskModel } from '../contracts/messages.ts';
import { CLASS_WEIGHT, priorityClass } from '../contracts/priority.ts';

type Model = ModelOf[SubjectKind];

/** Whose turn a message takes: that of its run, in the class of its priority. */
export function shareOf({ kind, model }: { readonly kind: SubjectKind; readonly model: Model }): Share {
  const task = kind === 'task' ? (model as TaskModel) : (model as Exclude<Model, TaskModel>).task;
  if (task === undefined) return NO_SHARE;
  const { runId, account, priority = 0 } = task;
  return { weight: CLASS_WEIGHT[priorityClass(priority)], account, runId };
}
