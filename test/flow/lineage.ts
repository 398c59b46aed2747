import { NOTIFY, OPEN, OPERATIONS, SUBMIT } from '../../libs/telemetry/span-names.ts';
import type { ReceivedSpan } from '../fixtures/otlp/decode-spans.ts';

/** What a stage's spans are named after, and the operations of the spans around them. */
const STAGES = new Map<string, string>([
  ...Object.entries(OPERATIONS).map(([stage, operation]): [string, string] => [operation, stage]),
  ...[SUBMIT, OPEN, NOTIFY].map((operation): [string, string] => [operation, operation]),
]);

/** The numbers of span kinds in OTLP. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** The operation in a span's name. */
export function operationOf({ name }: Pick<ReceivedSpan, 'name'>): string {
  return name.split(' ')[0]!;
}

/** Whether a span is one of a stage, and not one of a call that a stage makes. */
export function isOfStage(span: ReceivedSpan): boolean {
  return STAGES.has(operationOf(span)) && span.kind !== KIND.client;
}

/** A stage's span and its ancestors, from the root down, by stages. What is between them, messages and calls, is left out. */
export function lineage(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentId && traceId === span.traceId);
  const own = isOfStage(span) ? STAGES.get(operationOf(span)) : undefined;
  const above = parent === undefined ? '' : lineage(parent, spans);
  return [above, own].filter((part) => part !== undefined && part !== '').join(' > ');
}

export const isNamed = (stage: string) => (span: ReceivedSpan) =>
  isOfStage(span) && STAGES.get(operationOf(span)) === stage;
