/** Which processes `catena dev` starts, with which environment; pure. */
import { variableName } from '../../config/variable-name.ts';

/** In the order in which they start: ingress comes after the services that it calls. */
export const DEV_SERVICES = ['module-processor', 'error-threshold', 'downloader', 'parser', 'ingress'] as const;

export type DevService = (typeof DEV_SERVICES)[number];

export interface DevPlan {
  readonly redisUrl: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  /** Absolute paths. */
  readonly modules: readonly string[];
  /** Processes of each service. */
  readonly processes: number;
  /** The address of the first ingress. */
  readonly listen: string;
  /** Free ports, one for each of the other processes. */
  readonly ports: readonly number[];
  /** Settings of the command line. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether private addresses may be requested, because no setting forbids it: a site under development is often on this machine. */
  readonly allowsPrivateTargets: boolean;
}

export interface PlannedProcess {
  readonly service: DevService;
  /** Unique: `parser`, or `parser-2`. */
  readonly name: string;
  /** Environment variables in addition to our own. */
  readonly env: Readonly<Record<string, string>>;
}

export function planProcesses(plan: DevPlan): PlannedProcess[] {
  const places = placesOf(plan);
  const addressesOf = (service: DevService): string =>
    places.flatMap((place) => (place.service === service ? [place.address] : [])).join(',');
  const shared = variables({
    ...plan.settings,
    'cache.redis': plan.redisUrl,
    'nats.url': plan.natsUrl,
    'store.url': plan.databaseUrl,
    'grpc.module_processor': addressesOf('module-processor'),
    'grpc.error_threshold': addressesOf('error-threshold'),
    // On free ports, which they report when they are ready.
    'metrics.listen': 'http://127.0.0.1:0',
    'log.format': 'json',
    'modules.allow_changes': 'true',
    ...(plan.modules.length === 0 ? {} : { 'modules.files': plan.modules.join(',') }),
    ...(plan.allowsPrivateTargets ? { 'http.deny_private_targets': 'false' } : {}),
  });
  return places.map(({ service, name, address }) => ({
    service,
    name,
    env: { ...shared, ...variables({ 'grpc.listen': address }) },
  }));
}

function placesOf({ processes, listen, ports }: DevPlan) {
  const names = DEV_SERVICES.flatMap((service) =>
    Array.from({ length: processes }, (_, at) => ({ service, name: at === 0 ? service : `${service}-${at + 1}` })),
  );
  let next = 0;
  return names.map(({ service, name }) => {
    const address = name === 'ingress' ? listen : `127.0.0.1:${ports[next++]}`;
    return { service, name, address };
  });
}

/** How many free ports a plan needs. */
export function portsNeeded(processes: number): number {
  return DEV_SERVICES.length * processes - 1;
}

/** Unknown settings have been refused before. */
function variables(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, text]) => [variableName(key), text]));
}
