/** Maps error codes to gRPC statuses, and bare statuses to codes. */
import { Status } from 'nice-grpc';
import type { CatenaError, FailureClass } from '../../errors/catena-error.ts';

/** The first match wins; a code without a match is mapped by its class. */
const RULES: readonly (readonly [pattern: RegExp, status: Status])[] = [
  [/\.(?:draining|stopping|stream_broken)$/, Status.UNAVAILABLE],
  [/\.(?:unknown|unknown_\w+|not_found|blob_missing)$/, Status.NOT_FOUND],
  [/\.(?:duplicate\w*|repeated_\w+|\w+_conflict)$/, Status.ALREADY_EXISTS],
  [
    /\.(?:invalid\w*|wrong_\w+|malformed_\w+|bad_\w+|undecodable|not_json|empty_key|ambiguous)$/,
    Status.INVALID_ARGUMENT,
  ],
  [/\.(?:too_many\w*|too_large|credit_exceeded|disk_full)$/, Status.RESOURCE_EXHAUSTED],
  [/\.timeout$/, Status.DEADLINE_EXCEEDED],
  [/\.(?:aborted|cancelled)$/, Status.CANCELLED],
  [/\.corrupt$/, Status.DATA_LOSS],
];

const BY_CLASS: Readonly<Record<FailureClass, Status>> = {
  retryable: Status.UNAVAILABLE,
  fatal: Status.FAILED_PRECONDITION,
  skip: Status.FAILED_PRECONDITION,
};

/** Statuses after which the same call may succeed. */
const RETRYABLE: ReadonlySet<Status> = new Set([
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
  Status.ABORTED,
  Status.CANCELLED,
  Status.RESOURCE_EXHAUSTED,
]);

/** The code for a status without one: `grpc.unavailable`. */
export function codeOfStatus(status: Status): string {
  return `grpc.${(Status[status] ?? 'unknown').toLowerCase()}`;
}

export function classOfStatus(status: Status): FailureClass {
  return RETRYABLE.has(status) ? 'retryable' : 'fatal';
}

const STATUS_OF_GRPC_CODE: ReadonlyMap<string, Status> = new Map(
  Object.values(Status)
    .filter((value): value is Status => typeof value === 'number' && value !== Status.OK)
    .map((status) => [codeOfStatus(status), status]),
);

/** The status of an error: by its code, else by its class. Never OK. */
export function statusOfError({ code, class: failureClass }: Pick<CatenaError, 'code' | 'class'>): Status {
  return STATUS_OF_GRPC_CODE.get(code) ?? RULES.find(([pattern]) => pattern.test(code))?.[1] ?? BY_CLASS[failureClass];
}
