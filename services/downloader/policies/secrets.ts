/**
 * Secrets in headers. A request names a secret as `{{secret:NAME}}`. The value is inserted when the request is sent and removed
 * from its response, so that no task, node, log, response or dead letter contains it.
 */
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { HttpResponse } from '../http/request.ts';
import type { RequestPolicy } from './policy.ts';

export interface Unsealed {
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that hold a secret. */
  readonly names: readonly string[];
  /** The values that were inserted. */
  readonly secrets: readonly string[];
}

const REFERENCE = /\{\{secret:([\w.-]{1,64})\}\}/g;
const TAKEN_OUT = '[secret]';
/** Shorter values would match by chance. */
const MIN_CHARS = 8;

/** Inserts the secrets that headers name, keeps these headers from other origins, and removes the secrets from the response. */
export const secrets: RequestPolicy = async (context, next) => {
  const { deps, work, request } = context;
  const unsealed = await unseal(request.headers, (name) => deps.secret(work.run.task, name));
  if (unsealed.secrets.length === 0) return next(context);
  const { headers, names } = unsealed;
  const reply = await next({ ...context, request: { ...request, headers, originOnly: names } });
  return withoutSecrets(reply, unsealed.secrets);
};

/** Whether a header names a secret. */
export function namesSecret(headers: Readonly<Record<string, string>>): boolean {
  return Object.values(headers).some((text) => text.search(REFERENCE) !== -1);
}

/** Returns the headers with their secrets. Throws `download.secret_missing`, which shows only the name. */
export async function unseal(
  headers: Readonly<Record<string, string>>,
  find: (name: string) => Promise<string | undefined>,
): Promise<Unsealed> {
  const values = new Map<string, string>();
  for (const text of Object.values(headers)) {
    for (const [, name = ''] of text.matchAll(REFERENCE)) {
      const value = values.get(name) ?? (await find(name));
      if (value === undefined) throw missing(name);
      values.set(name, value);
    }
  }
  if (values.size === 0) return { headers, names: [], secrets: [] };
  const filled = Object.entries(headers).map(([header, text]): [string, string] => [
    header,
    text.replace(REFERENCE, (_reference, name: string) => values.get(name) ?? ''),
  ]);
  const names = filled.flatMap(([header, text]) => (text === headers[header] ? [] : [header]));
  return { headers: Object.fromEntries(filled), names, secrets: [...values.values()] };
}

/** Removes the secrets from the response: some servers repeat a key that they refuse. */
export function withoutSecrets<Response extends HttpResponse>(response: Response, values: readonly string[]): Response {
  const sought = values.filter((secret) => secret.length >= MIN_CHARS);
  if (sought.length === 0) return response;
  const clean = (text: string): string => sought.reduce((rest, secret) => rest.replaceAll(secret, TAKEN_OUT), text);
  const body = Buffer.from(response.body.buffer, response.body.byteOffset, response.body.byteLength);
  return {
    ...response,
    url: clean(response.url),
    headers: response.headers.map(([name, value]): [string, string] => [name, clean(value)]),
    // Latin-1 preserves all bytes.
    body: sought.some((secret) => body.includes(secret)) ? Buffer.from(clean(body.toString('latin1')), 'latin1') : body,
  };
}

function missing(name: string): CatenaError {
  return new CatenaError('download.secret_missing', `there is no secret "${name}" for this request`, {
    data: { name },
    remedy: `add it to the account's login, or list ${name} in downloader.secrets and set that environment variable`,
  });
}
