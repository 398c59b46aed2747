/** The OpenAPI document, generated from the schemas of the routes. */
import swagger from '@fastify/swagger';
import { type HttpApp, toJsonSchemas } from './zod-routes.ts';

export interface ApiTitle {
  readonly title: string;
  readonly description: string;
  /** The version of the interface, not of the program. */
  readonly version: string;
}

/** Records the routes that are registered from now on, and serves their document at `GET /openapi.json`. */
export async function serveOpenApi(app: HttpApp, info: ApiTitle): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { ...info },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: { ...toJsonSchemas(schema ?? {}), security: route.config?.role === 'open' ? [] : [{ token: [] }] },
    }),
  });
  app.get('/openapi.json', { config: { role: 'open' }, schema: { hide: true } }, () => app.swagger());
}
