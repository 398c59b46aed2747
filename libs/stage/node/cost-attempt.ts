/** Names each download of a request in its run's budget, marks the response with that name, and prices failed downloads. */
import type { ChainNode } from '../../coordination/protocol/node.ts';

/**
 * Each download of a request is an attempt of its own, because a retried download, or one lost with its process, may have to be
 * paid too. No two downloads have the same epoch and dispatch.
 */
export function costAttemptOf({ epoch, dispatches }: Pick<ChainNode, 'epoch' | 'dispatches'>): string {
  return `${epoch}.${dispatches}`;
}

/** Header of a cached response: the attempt that paid for it. No server can send it. */
const PAID_HEADER = 'catena-paid';

type Headers = readonly (readonly [name: string, value: string])[];

/** The headers of a cached response, with the attempt that paid for it, if any. */
export function withPayer(headers: Headers, attempt: string): [string, string][] {
  const honest = withoutPayer(headers);
  return attempt === '' ? honest : [...honest, [PAID_HEADER, attempt]];
}

export function withoutPayer(headers: Headers): [string, string][] {
  return headers.filter(([name]) => name !== PAID_HEADER).map(([name, value]) => [name, value]);
}

/** The attempt that paid; empty if none did. */
export function payerIn(headers: Headers): string {
  return headers.find(([name]) => name === PAID_HEADER)?.[1] ?? '';
}

/** Failures before anything reached the server. */
const NEVER_ARRIVED = new Set([
  'download.deadline_exceeded',
  'download.invalid_url',
  'download.unsupported_protocol',
  'download.invalid_request',
  'download.dns',
  'download.refused',
  'download.connect_timeout',
  'download.private_target',
  'download.tls',
]);

/** The cost of a failed request: the most that it may cost, or 0 if nothing reached the server. */
export function costOfFailure(code: string, atMost: number): number {
  return NEVER_ARRIVED.has(code) ? 0 : atMost;
}
