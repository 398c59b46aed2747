import type { NodeSeed } from '../protocol/node.ts';
import type { ScriptArgument } from './scripts/runner.ts';

/** The seven arguments of a seed, as scripts read them. */
export function seedArgs({ id, kind, phase, stepIdx, prefixRequest, limitKey, body }: NodeSeed): ScriptArgument[] {
  return [id, kind, phase, stepIdx, prefixRequest, limitKey ?? '', body];
}
