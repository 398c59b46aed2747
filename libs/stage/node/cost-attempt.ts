/** How one sending of a request is called in its run's budget, how an answer says so, and what a failed one counts as. */
import type { ChainNode } from '../../coordination/protocol/node.ts';

/**
 * Each download of a request is an attempt of its own: what a retry repeats, or a process took with it into its death, may
 * have to be paid all the same. Epoch and dispatch together never come twice with a download.
 */
export function costAttemptOf({ epoch, dispatches }: Pick<ChainNode, 'epoch' | 'dispatches'>): string {
  return `${epoch}.${dispatches}`;
}

/** Stands with a kept answer: the attempt that paid for it. No server can send it. */
const PAID_HEADER = 'catena-paid';

type Headers = readonly (readonly [name: string, value: string])[];

/** The headers of a response as they are kept: with the attempt that paid for it, unless that is empty. */
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

/** Failures before anything had arrived at the other side. */
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

/** What a request that was paid for and failed with this code counts as: the most that it may cost, unless nothing arrived. */
export function costOfFailure(code: string, atMost: number): number {
  return NEVER_ARRIVED.has(code) ? 0 : atMost;
}
