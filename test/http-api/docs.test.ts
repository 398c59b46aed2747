/** B19: docs/reference/http-api.md says what is: the routes, the state diagram, the settings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mayFollow, STAGES } from '../../libs/brand/status/stages.ts';
import { SETTING_KEYS } from '../../libs/config/settings.ts';
import { provider } from '../brand-flow/scene.ts';
import { get, serveHere } from './serving.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/http-api.md'), 'utf8');

it('has every route that is served, and no other (B19)', async () => {
  const { baseUrl } = await provider(() => 'whole');
  const { apiUrl } = await serveHere(baseUrl);
  const { paths } = (await get(`${apiUrl}/openapi.json`)).body as { readonly paths: Readonly<Record<string, object>> };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const told = [...page.matchAll(/^\| `((?:GET|POST) [^`?]+)/gm)].map(([, route]) => route);
  expect(told.sort()).toEqual([...served, 'GET /openapi.json'].sort());
});

it('draws the stages with the edges that there are (B3)', () => {
  const drawn = [...page.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([, from, to]) => `${from} ${to}`);
  const edges = STAGES.flatMap((from) => STAGES.filter((to) => mayFollow(from, to)).map((to) => `${from} ${to}`));
  expect(drawn.sort()).toEqual(edges.sort());
});

it('has every setting of the API', () => {
  for (const key of SETTING_KEYS.filter((name) => name.startsWith('api.'))) expect(page).toContain(`\`${key}\``);
});
