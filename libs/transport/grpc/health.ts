/** The standard health service: whether each service, and the whole server, accepts calls. */
import { HealthDefinition, type HealthServiceImplementation, ServingStatus } from '../../contracts/rpc.ts';
import { CatenaError } from '../../errors/catena-error.ts';

export interface Health {
  readonly definition: typeof HealthDefinition;
  readonly implementation: HealthServiceImplementation;
  /** Throws `grpc.not_found` (fatal) for a service that the server does not have. */
  setServing(service: string, isServing: boolean): void;
  /** Reports all services as not serving from now on. */
  stop(): void;
}

/** Answers for the process: it lives as long as it answers, also while it cannot do its work or stops. */
const LIVE = 'live';

/**
 * All names serve at first: those of the services, and others such as stages and backends. The whole server, under the empty name,
 * serves while all of them do. `live` serves as long as the process answers.
 */
export function createHealth(services: readonly string[], others: readonly string[] = []): Health {
  const serving = new Map([...services, ...others].map((name) => [name, true]));
  let isStopped = false;
  let change = Promise.withResolvers<void>();
  const announce = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  const statusOf = (service: string): ServingStatus => {
    if (service === LIVE) return ServingStatus.SERVING;
    const isServing = service === '' ? [...serving.values()].every(Boolean) : serving.get(service);
    if (isServing === undefined) return ServingStatus.SERVICE_UNKNOWN;
    return isServing && !isStopped ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  };
  return {
    definition: HealthDefinition,
    implementation: {
      async check({ service }) {
        const status = statusOf(service);
        if (status === ServingStatus.SERVICE_UNKNOWN) throw unknownService(service);
        return { status };
      },
      async *watch({ service }, { signal }) {
        let told: ServingStatus | undefined;
        for (;;) {
          const changed = change.promise;
          const status = statusOf(service);
          if (status !== told) yield { status };
          told = status;
          signal.throwIfAborted();
          await settledOrAborted(changed, signal);
        }
      },
    },
    setServing(service, isServing) {
      if (!serving.has(service)) throw unknownService(service);
      serving.set(service, isServing);
      announce();
    },
    stop() {
      isStopped = true;
      announce();
    },
  };
}

function settledOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    void promise.then(done);
    if (signal.aborted) done();
  });
}

function unknownService(service: string): CatenaError {
  return new CatenaError('grpc.not_found', `this server has no service "${service}"`, {
    remedy: 'name a service by its full name, such as catena.v1.Ingress',
  });
}
