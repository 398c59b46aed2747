import type { ReceivedSpan } from '../fixtures/otlp/decode-spans.ts';

/** A span and its ancestors, from the root down, by the last part of their names. */
export function lineage(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string {
  const parent = spans.find(({ spanId }) => spanId === span.parentId);
  const name = span.name.replace('catena.', '');
  return parent === undefined ? name : `${lineage(parent, spans)} > ${name}`;
}

export const isNamed = (name: string) => (span: ReceivedSpan) => span.name === `catena.${name}`;
