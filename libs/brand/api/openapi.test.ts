/** B19: the OpenAPI document has every route and holds together; the interfaces for front ends say the same. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { statusBodySchema } from '../status/bodies.ts';
import { openApi } from './diagnosis-api.fixture.ts';
import type { ErrorBody, StatusBody, StatusQuery, SubmissionRequest } from './interfaces.ts';
import { submissionRequest } from './requests.ts';

interface Operation {
  readonly summary?: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

interface Document {
  readonly openapi: string;
  readonly info: Readonly<Record<string, string>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

async function document(): Promise<Document> {
  const { get } = await openApi();
  return (await get('/openapi.json')).body as Document;
}

const ROUTES = {
  'get /health': ['200'],
  'get /api/test': ['200'],
  'post /api/perform-brand-test': ['200', '400', '401', '403', '409', '429', '500', '503'],
  'get /test/status/{task_id}': ['200', '400', '401', '403', '404', '500', '503'],
  'get /api/test-progress': ['200', '400', '401', '403', '404', '500', '503'],
  'get /api/deep-intelligence/{task_id}': ['200', '400', '401', '403', '404', '500', '503'],
  'get /api/report/{file}': ['200', '400', '401', '403', '404', '500', '503'],
  'get /api/test-history': ['200', '400', '401', '403', '500', '503'],
};

describe('B19 the OpenAPI document', () => {
  it('has every route with every status that it may answer', async () => {
    const { paths } = await document();
    const found = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { responses }]) => [`${method} ${path}`, Object.keys(responses)]),
    );
    expect(Object.fromEntries(found)).toEqual(ROUTES);
  });

  it('is one of version 3.1 whose every operation is described, and whose every path parameter is declared', async () => {
    const { openapi, info, paths } = await document();
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(info).sort()).toEqual(['description', 'title', 'version']);
    for (const [path, operations] of Object.entries(paths)) {
      for (const { summary, security, parameters = [], responses, requestBody } of Object.values(operations)) {
        expect(summary, path).toMatch(/\.$/);
        expect(security, path).toEqual(path === '/health' || path === '/api/test' ? [] : [{ token: [] }]);
        const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(named);
        for (const { schema } of parameters) expectSchema(schema);
        if (requestBody !== undefined) expectSchema(requestBody.content['application/json']?.schema);
        for (const [status, { description, content }] of Object.entries(responses)) {
          expect(description, `${path} ${status}`).not.toBe('Default Response');
          const types = Object.values(content);
          expect(types.length, path).toBeGreaterThan(0);
          for (const { schema } of types) expectSchema(schema);
        }
      }
    }
  });

  it('has no reference that leads nowhere', async () => {
    expect(JSON.stringify(await document())).not.toContain('$ref');
  });

  it('says of an error what errors are', async () => {
    const { paths } = await document();
    const schema = paths['/api/test-history']?.get?.responses['400']?.content['application/json']?.schema;
    expect(schema).toMatchObject({
      properties: { error: {}, message: {}, status: {} },
      required: ['error', 'message', 'status'],
    });
  });
});

/** A JSON schema whose own dialect, zod's reader, understands it whole. */
function expectSchema(schema: object | undefined): void {
  expect(schema).toBeDefined();
  expect(() => z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema)).not.toThrow();
}

it('B19 the interfaces of front ends are those that the server checks with', () => {
  expectTypeOf<StatusBody>().toEqualTypeOf<z.output<typeof statusBodySchema>>();
  expectTypeOf<SubmissionRequest>().toEqualTypeOf<z.input<typeof submissionRequest>>();
  expectTypeOf<ErrorBody>().toEqualTypeOf<{ error: string; message: string; status: 'error' }>();
  expectTypeOf<{ wait: 25 }>().toExtend<StatusQuery>();
  const body: SubmissionRequest = { brand_list: ['A'], selectedModels: ['qwen'], custom_question: 'why?' };
  expect(submissionRequest.parse(body)).toMatchObject(body);
});
