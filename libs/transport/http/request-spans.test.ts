import { expect, it } from 'vitest';
import { spansOf } from '../../../test/fixtures/otlp/traced.ts';
import { serve } from './http-app.fixture.ts';

const SENDER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('a request is a span of its caller’s trace, named by its route, with its status', async () => {
  const spans = await spansOf(async () => {
    const { url } = await serve();
    await (await fetch(`${url}/fails/known?token=hunter2`, { headers: { traceparent: SENDER } })).text();
    await (await fetch(`${url}/open`)).text();
  });
  const [failed, open] = spans.toSorted((one, other) => one.startMs - other.startMs);
  expect(failed).toMatchObject({
    name: 'GET /fails/:how',
    kind: 2,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentId: 'b7ad6b7169203331',
    attributes: { 'http.route': '/fails/:how', 'http.request.method': 'GET', 'http.response.status_code': 404 },
    // What a caller did wrong is no error of the server.
    status: { code: 0 },
  });
  expect(open).toMatchObject({ name: 'GET /open', parentId: '', attributes: { 'http.response.status_code': 200 } });
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});

it('of requests that are not sampled, those that the server failed are exported', async () => {
  const spans = await spansOf(async () => {
    const { url } = await serve();
    for (const path of ['/open', '/fails/known', '/fails/unplanned', '/nowhere'])
      await (await fetch(url + path)).text();
  }, 0);
  expect(spans).toMatchObject([
    { attributes: { 'http.response.status_code': 500, 'error.type': '500' }, status: { code: 2 } },
  ]);
});
