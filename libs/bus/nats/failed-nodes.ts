/**
 * Tells the processes of a deployment which nodes of runs that are not sampled failed, so that each exports the spans that it holds of
 * them. Without a stream: what is lost are spans, and a process that was away has none. Nodes are gathered for a moment, and each message
 * is small, so a storm of failures costs a few messages per second.
 */
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { type Namespace, processSubject } from '../../contracts/subjects.ts';
import type { FailedNode } from '../../telemetry/held-spans.ts';

export interface FailedNodesOptions {
  readonly connection: NatsConnection;
  readonly namespace: Namespace;
  /** Called for each node that failed in another process. */
  readonly onFailed: (failed: FailedNode) => void;
  /** How long nodes are gathered, in milliseconds; default 100. */
  readonly gatherMs?: number;
}

const GATHER_MS = 100;
/** Nodes in one message; what is longer is not from a process of ours. */
const MOST_NODES = 256;
const LINE = /^([0-9a-f]{32}) ([\w-]{1,128})$/;

export class FailedNodes {
  readonly #options: FailedNodesOptions;
  readonly #subscription: Subscription;
  #gathered: FailedNode[] = [];
  #sending: NodeJS.Timeout | undefined;

  constructor(options: FailedNodesOptions) {
    this.#options = options;
    const { connection, namespace, onFailed } = options;
    this.#subscription = connection.subscribe(namespace.subject(processSubject('failed')), {
      callback: (error, message) => {
        if (error === null) for (const failed of readNodes(message.string())) onFailed(failed);
      },
    });
  }

  /** Sends it to the others, soon. */
  tell(failed: FailedNode): void {
    if (this.#gathered.length >= MOST_NODES) return;
    this.#gathered.push(failed);
    this.#sending ??= setTimeout(() => this.#send(), this.#options.gatherMs ?? GATHER_MS).unref();
  }

  /** Sends what is gathered, and hears no more. Idempotent. */
  stop(): void {
    this.#send();
    this.#subscription.unsubscribe();
  }

  #send(): void {
    const { connection, namespace } = this.#options;
    clearTimeout(this.#sending);
    this.#sending = undefined;
    const gathered = this.#gathered;
    this.#gathered = [];
    if (gathered.length === 0 || connection.isClosed()) return;
    const text = gathered.map(({ runTraceId, nodeId }) => `${runTraceId} ${nodeId}`).join('\n');
    connection.publish(namespace.subject(processSubject('failed')), text);
  }
}

/** Lines that no process of ours sends are left out. */
function readNodes(text: string): FailedNode[] {
  return text
    .split('\n', MOST_NODES)
    .map((line) => LINE.exec(line))
    .flatMap((found) => (found === null ? [] : [{ runTraceId: found[1]!, nodeId: found[2]! }]));
}
