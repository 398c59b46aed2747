/** Serves a module in this thread: for module objects of a caller's own code, and for debuggers. No budget bounds its time or memory. */
import { inputFields } from '../modules/check/unknown-fields.ts';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import { factsOf } from './facts.ts';
import { openRun } from './opened-input.ts';
import { runCall } from './run-call.ts';
import type { ServedModule } from './served-module.ts';
import { YIELD_LIMITS, type YieldLimits } from './yield-budget.ts';

export function inlineModule(module: ModuleDefinition, limits: YieldLimits = YIELD_LIMITS): ServedModule {
  return {
    ...factsOf(module),
    checkInput: (input) => inputFields(module, input),
    openRun: (run) => openRun(module, run),
    call: (call, sink) => runCall(module, call, { limits, emit: (chunk) => sink.take(chunk), log: console }),
  };
}
