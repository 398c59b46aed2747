/** The spans of requests that are served, by OpenTelemetry's conventions for HTTP. A caller's trace goes on in them. */

import type { IncomingMessage } from 'node:http';
import { ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';
import type { FastifyRequest } from 'fastify';
import { ERROR_CODE } from '../../telemetry/span-names.ts';
import { isTracing, type NewSpan, type OpenSpan, openSpan, type SpanFields } from '../../telemetry/spans.ts';
import { withExtractedTrace } from '../../telemetry/trace-carrier.ts';
import type { HttpApp } from './zod-routes.ts';

/** Asked all the time by whoever watches the process. */
const OF_WATCHERS: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/health', '/metrics']);

/** Adds hooks that take each request into the trace of its caller, and in a span of its own. */
export function traceRequests(app: HttpApp): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  const end = (request: FastifyRequest, fields: SpanFields) => {
    const span = spans.get(request);
    if (span === undefined) return;
    spans.delete(request);
    span.note(fields);
    span.end();
  };
  app.addHook('onRequest', (request, _reply, done) =>
    withExtractedTrace(traceIn(request.headers), () => {
      if (!isTracing() || OF_WATCHERS.has(request.routeOptions.url ?? '')) return done();
      const span = openSpan(requestSpan(request));
      spans.set(request, span);
      span.within(done);
    }),
  );
  app.addHook('onResponse', async (request, { statusCode }) => end(request, statusFields(statusCode)));
  app.addHook('onRequestAbort', async (request) => end(request, { 'http.request.aborted': true }));
}

/** Named by its route: an address holds ids, and what a caller wrote. */
function requestSpan({ method, routeOptions, protocol }: FastifyRequest): NewSpan {
  const route = routeOptions.url;
  return {
    name: route === undefined ? method : `${method} ${route}`,
    runId: undefined,
    cause: 'server',
    fields: {
      'http.request.method': method,
      'url.scheme': protocol,
      ...(route === undefined ? {} : { [ATTR_HTTP_ROUTE]: route }),
    },
  };
}

/** As the conventions say, what a caller did wrong is no error of the server. */
function statusFields(status: number): SpanFields {
  return { 'http.response.status_code': status, ...(status < 500 ? {} : { [ERROR_CODE]: String(status) }) };
}

function traceIn({ traceparent, tracestate }: IncomingMessage['headers']) {
  return { traceparent: one(traceparent), tracestate: one(tracestate) };
}

function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
