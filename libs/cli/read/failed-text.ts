import { countOf, oneLine } from '../terminal/format.ts';
import type { Paint } from '../terminal/io.ts';
import type { FailedNode } from './failed-nodes.ts';

/** A failed node as text: what it was, why it failed, and its id, for a replay. */
export function failedNodeText(node: FailedNode, paint: Paint): string {
  const { step, kind, reason, code, message, attempts, crashes, url, state, nodeId } = node;
  const tries = countOf(attempts, 'attempt') + (crashes > 0 ? `, ${countOf(crashes, 'crash', 'crashes')}` : '');
  const what = url === undefined ? '' : `    ${oneLine(url)}\n`;
  return (
    `${paint('red', reason)} ${step} (${kind}), ${tries}\n${what}` +
    `    state ${oneLine(JSON.stringify(state) ?? 'none', 500)}\n    ${code}: ${oneLine(message)}\n    node ${nodeId}\n`
  );
}
