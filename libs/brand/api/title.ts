import type { ApiTitle } from '../../transport/http/openapi.ts';

/** What the OpenAPI document is called where these routes are served. */
export const API_TITLE: ApiTitle = {
  title: 'Catena: brand diagnosis',
  description: 'Asks AI answer engines about a brand and its rivals, and tells what they say.',
  version: '1.0.0',
};
