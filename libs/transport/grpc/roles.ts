/** Who may call what. */

export const ROLES = ['reader', 'submitter', 'operator', 'service'] as const;

/**
 * `reader` may read; `submitter` may also submit and control runs; `operator` may also replay, discard, terminate, lift, reset
 * breakers and manage accounts; `service` may read, and make the calls between stages.
 */
export type Role = (typeof ROLES)[number];

/** What a method requires: a role, any valid token, or nothing. */
export type NeededRole = Role | 'any_token' | 'open';

const INCLUDES: Readonly<Record<Role, readonly Role[]>> = {
  reader: ['reader'],
  submitter: ['reader', 'submitter'],
  operator: ['reader', 'submitter', 'operator'],
  service: ['reader', 'service'],
};

const METHOD_ROLES: Readonly<Record<string, NeededRole>> = {
  '/catena.v1.Ingress/SubmitTask': 'submitter',
  '/catena.v1.Ingress/GetRun': 'reader',
  '/catena.v1.Ingress/WatchRun': 'reader',
  '/catena.v1.Ingress/ListRuns': 'reader',
  '/catena.v1.Ingress/PauseRun': 'submitter',
  '/catena.v1.Ingress/ResumeRun': 'submitter',
  '/catena.v1.Ingress/CancelRun': 'submitter',
  '/catena.v1.Ingress/ListItems': 'reader',
  '/catena.v1.Ingress/ExplainRun': 'reader',
  '/catena.v1.Ingress/GetOverview': 'reader',
  '/catena.v1.Ingress/GetTask': 'reader',
  '/catena.v1.Ingress/ListTasks': 'reader',
  '/catena.v1.Ingress/TerminateTask': 'operator',
  '/catena.v1.Ingress/LiftTask': 'operator',
  '/catena.v1.Ingress/ListDeadLetters': 'reader',
  '/catena.v1.Ingress/ReplayDeadLetters': 'operator',
  '/catena.v1.Ingress/DiscardDeadLetters': 'operator',
  '/catena.v1.Ingress/ListModules': 'reader',
  '/catena.v1.Ingress/PutAccount': 'operator',
  '/catena.v1.Ingress/GetAccount': 'operator',
  '/catena.v1.ModuleProcessor/ExecuteModule': 'service',
  '/catena.v1.ModuleProcessor/DescribeModules': 'reader',
  '/catena.v1.Downloader/Fetch': 'submitter',
  '/catena.v1.Downloader/GetLimits': 'reader',
  '/catena.v1.Downloader/ResetBreaker': 'operator',
  '/catena.v1.Parser/Parse': 'submitter',
  '/catena.v1.ErrorThreshold/PreCheck': 'service',
  '/catena.v1.ErrorThreshold/Decide': 'service',
  '/catena.v1.ErrorThreshold/Terminate': 'operator',
  '/catena.v1.ErrorThreshold/GetThresholds': 'reader',
  '/grpc.health.v1.Health/Check': 'open',
  '/grpc.health.v1.Health/Watch': 'open',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'any_token',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'any_token',
};

/** Every method in the table. */
export const METHODS_WITH_ROLES: readonly string[] = Object.keys(METHOD_ROLES);

/** The role that a method, as `/package.Service/Method`, requires; undefined if the table has none: then nobody may call it. */
export function neededRole(path: string): NeededRole | undefined {
  return Object.hasOwn(METHOD_ROLES, path) ? METHOD_ROLES[path] : undefined;
}

export function mayCall(role: Role, needed: NeededRole | undefined): boolean {
  if (needed === undefined) return false;
  return needed === 'open' || needed === 'any_token' || INCLUDES[role].includes(needed);
}
