/**
 * A gRPC server: its services, health and reflection, and its start and stop.
 *
 * It starts with everything serving. To stop, it changes its health, accepts no more calls, and tells open streams to end;
 * unary calls end by themselves. Calls that are still open after the drain time are aborted.
 */

import { type CompatServiceDefinition, createServer, type Server, type ServiceImplementation } from 'nice-grpc';
import { forcedAfter } from '../../concurrency/within.ts';
import { hostAndPort, isLoopback } from '../../config/listen-address.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { admission } from './admission.ts';
import { serverCredentials } from './credentials.ts';
import { type Descriptors, readDescriptors } from './descriptors.ts';
import { createHealth } from './health.ts';
import { silenceLibrary } from './library-log.ts';
import { REFLECTION_DEFINITIONS, reflection } from './reflection.ts';
import { type NeededRole, neededRole } from './roles.ts';
import { type ServedCall, servedCalls } from './served-calls.ts';
import { StreamQuota } from './stream-quota.ts';
import { written } from './target.ts';
import type { TlsFiles } from './tls-files.ts';
import { authenticator, type Token } from './tokens.ts';

/** A service with its implementation; created by {@link grpcService}, which checks that they match. */
export interface GrpcService {
  readonly name: string;
  addTo(server: Server<ServedCall>): void;
}

export interface GrpcServerOptions {
  /** `host:port`; port 0 chooses a free one. */
  readonly listen: string;
  readonly services: readonly GrpcService[];
  /** The tokens of callers. Without tokens every caller may do everything, and the server listens on loopback only. */
  readonly tokens?: readonly Token[] | undefined;
  /** Whether it may listen beyond loopback without tokens; default false. */
  readonly allowUnprotected?: boolean;
  /** The role that a method requires; default: the table of our own services. */
  readonly neededRole?: (path: string) => NeededRole | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly log: Log;
  /** How long open calls may take to finish during a stop. */
  readonly drainMs: number;
  /** The timeout of a unary call whose caller sets no deadline. */
  readonly deadlineMs: number;
  readonly maxMessageBytes: number;
  /** Streams of answers that one caller may hold open; default 200. */
  readonly maxStreamsPerCaller?: number;
  /** Names whose health is served besides the services: stages, backends. */
  readonly healthNames?: readonly string[];
  /** The descriptors that reflection serves; default: all of `proto/`. */
  readonly descriptors?: Descriptors;
}

export interface GrpcServer {
  readonly port: number;
  /** The full name of a service or one of `healthNames`, and whether its health is serving. */
  setServing(service: string, isServing: boolean): void;
  /** Sets the health of all services, and of all other names that the map does not have. */
  setAllServing(isServing: boolean, others: ReadonlyMap<string, boolean>): void;
  /** Drains and stops; resolves when no call is open. Idempotent. */
  stop(): Promise<void>;
}

/** The interval of keep-alive pings on a silent connection. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const MAX_STREAMS_PER_CALLER = 200;
/** Calls at the same time on one connection; a client waits with more. */
const MAX_CALLS_PER_CONNECTION = 1_000;

export function grpcService<Definition extends CompatServiceDefinition & { readonly fullName: string }>(
  definition: Definition,
  implementation: ServiceImplementation<Definition, ServedCall>,
): GrpcService {
  return { name: definition.fullName, addTo: (server) => server.add(definition, implementation) };
}

/** Rejects with `grpc.unprotected` (fatal) without tokens beyond loopback, and `grpc.cannot_listen` (fatal). */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { listen, services, tokens = [], tls, log, drainMs, deadlineMs, maxMessageBytes } = options;
  const { allowUnprotected = false, maxStreamsPerCaller = MAX_STREAMS_PER_CALLER } = options;
  if (tokens.length === 0 && !allowUnprotected && !isLoopback(listen)) throw unprotected(listen);
  silenceLibrary();
  const drain = new AbortController();
  const names = services.map(({ name }) => name);
  const health = createHealth(names, options.healthNames);
  const server = createServer({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_concurrent_streams': MAX_CALLS_PER_CONNECTION,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    interceptors: [
      admission({
        authenticate: tokens.length === 0 ? undefined : authenticator(tokens),
        neededRole: options.neededRole ?? neededRole,
        refusal: () => (drain.signal.aborted ? (drain.signal.reason as CatenaError) : undefined),
        defaultDeadlineMs: deadlineMs,
        streams: new StreamQuota(maxStreamsPerCaller),
      }),
    ],
  }).use(servedCalls({ log, drain: drain.signal }));
  for (const service of services) service.addTo(server);
  server.add(health.definition, health.implementation);
  const listed = [...names, health.definition.fullName, ...REFLECTION_DEFINITIONS.map(({ fullName }) => fullName)];
  const reflected = reflection(options.descriptors ?? readDescriptors(), listed.sort());
  for (const definition of REFLECTION_DEFINITIONS) server.add(definition, reflected);

  const port = await server.listen(listen, serverCredentials(tls)).catch((cause: unknown) => {
    throw cannotListen(listen, cause);
  });
  log.info('grpc server listens', { address: listen, port, services: names, tls: tls?.identity !== undefined });
  let stopping: Promise<void> | undefined;
  return {
    port,
    setServing: (service, isServing) => health.setServing(service, isServing),
    setAllServing: (isServing, others) => {
      for (const name of [...names, ...(options.healthNames ?? [])]) {
        health.setServing(name, others.get(name) ?? isServing);
      }
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  async function stop(): Promise<void> {
    health.stop();
    drain.abort(draining(written({ host: hostAndPort(listen)?.host ?? listen, port })));
    await forcedAfter(server.shutdown(), drainMs, () => {
      log.warn('grpc server aborts open calls after the drain time', { drain_ms: drainMs });
      server.forceShutdown();
    });
    log.info('grpc server stopped', { port });
  }
}

function draining(address: string): CatenaError {
  return new CatenaError('grpc.draining', `the server at ${address} is stopping and accepts no more calls`, {
    class: 'retryable',
    remedy: 'call again: another server answers, or this one after its restart',
  });
}

function unprotected(listen: string): CatenaError {
  return new CatenaError('grpc.unprotected', `${listen} can be reached by other machines, but callers need no token`, {
    remedy: 'set grpc.tokens, or listen on 127.0.0.1',
  });
}

function cannotListen(listen: string, cause: unknown): CatenaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('grpc.cannot_listen', `the server cannot listen on ${listen}: ${reason}`, {
    cause,
    remedy: 'set grpc.listen to a free address of this machine',
  });
}
