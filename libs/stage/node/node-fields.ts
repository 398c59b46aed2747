import type { ChainNode } from '../../coordination/protocol/node.ts';

/** The fields of each log line and span about a node. */
export function nodeFields(node: ChainNode): Record<string, string | number> {
  return {
    run_id: node.runId,
    module_id: node.moduleId,
    step_idx: node.stepIdx,
    [node.kind === 'request' ? 'request_id' : 'hop_id']: node.id,
    prefix_request: node.prefixRequest,
    epoch: node.epoch,
  };
}
