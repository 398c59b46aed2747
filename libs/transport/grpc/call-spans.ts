/** The spans of calls, by OpenTelemetry's conventions for RPC: one for each end of a call, none for the messages of a stream. */
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import { Status } from 'nice-grpc';
import { ERROR_CODE } from '../../telemetry/span-names.ts';
import {
  type CallSpan,
  isTracing,
  type NewSpan,
  type OpenSpan,
  openSpan,
  type SpanFields,
} from '../../telemetry/spans.ts';

/** The span of a call that this process makes. */
export function clientCallSpan(path: string, target?: string): CallSpan {
  return { name: nameOf(path), kind: 'client', fields: { ...rpcFields(path), ...addressFields(target) } };
}

/** The span of a call that this process serves. */
export function servedCallSpan(path: string): NewSpan {
  return { name: nameOf(path), runId: undefined, fields: rpcFields(path), cause: 'server' };
}

/** What a span says of the end of a call. As the conventions say, what a caller did wrong is no error of the server. */
export function statusFields(code: Status, isServer: boolean): SpanFields {
  const name = Status[code];
  const isError = code !== Status.OK && (!isServer || OF_THE_SERVER.has(code));
  return { 'rpc.status_code': name, ...(isError ? { [ERROR_CODE]: name } : {}) };
}

const OF_THE_SERVER: ReadonlySet<Status> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

/** Whether a method has spans: health and reflection are asked all the time, and a stream of dispatches lives as long as its process. */
export function hasSpan({ path, requestStream, responseStream }: Method): boolean {
  return !path.startsWith('/grpc.') && !(requestStream && responseStream);
}

interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Undefined when nothing is traced, or not this method. */
export function openServedCall(method: Method): OpenSpan | undefined {
  return isTracing() && hasSpan(method) ? openSpan(servedCallSpan(method.path)) : undefined;
}

function nameOf(path: string): string {
  return path.replace(/^\//, '');
}

function rpcFields(path: string): SpanFields {
  return { 'rpc.system.name': 'grpc', 'rpc.method': nameOf(path) };
}

/** Of one `host:port`; several addresses are taken in turn, and which one it was is not known here. */
function addressFields(target = ''): SpanFields {
  const [, host, port] = /^(?:dns:(?:\/\/\/)?)?(\[[^\]]+\]|[^:,\s]+):(\d+)$/.exec(target) ?? [];
  return host === undefined
    ? {}
    : { [ATTR_SERVER_ADDRESS]: host.replace(/^\[|\]$/g, ''), [ATTR_SERVER_PORT]: Number(port) };
}
