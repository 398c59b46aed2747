/**
 * Secrets in headers. A request names a secret as `{{secret:NAME}}`. The value is inserted when the request is sent and removed
 * from its response, so that no task, node, log, response or dead letter contains it.
 */
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { Reply, RequestPolicy } from './policy.ts';
import { SecretEchoes } from './secret-echoes.ts';

export interface Unsealed {
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that hold a secret. */
  readonly names: readonly string[];
  /** The values that were inserted. */
  readonly secrets: readonly string[];
}

const REFERENCE = /\{\{secret:([\w.-]{1,64})\}\}/g;
/** A shorter one could not be told from other text in a response, and could be guessed. */
const MIN_CHARS = 8;

/** Inserts the secrets that headers name, keeps these headers from other origins, and removes the secrets from the response. */
export const secrets: RequestPolicy = async (context, next) => {
  const { deps, work, request } = context;
  const unsealed = await unseal(request.headers, (name) => deps.secret(work.run.task, name));
  if (unsealed.secrets.length === 0) return next(context);
  const { headers, names } = unsealed;
  const echoes = new SecretEchoes(unsealed.secrets);
  const reply = await next({ ...context, echoes, request: { ...request, headers, originOnly: names } });
  return withoutSecrets(reply, echoes);
};

/** Whether a header names a secret. */
export function namesSecret(headers: Readonly<Record<string, string>>): boolean {
  return Object.values(headers).some((text) => text.search(REFERENCE) !== -1);
}

/** Returns the headers with their secrets. Throws `download.secret_missing` and `download.secret_too_short`, which show only the name. */
export async function unseal(
  headers: Readonly<Record<string, string>>,
  find: (name: string) => Promise<string | undefined>,
): Promise<Unsealed> {
  const values = new Map<string, string>();
  for (const text of Object.values(headers)) {
    for (const [, name = ''] of text.matchAll(REFERENCE)) {
      const value = values.get(name) ?? (await find(name));
      if (value === undefined) throw missing(name);
      if (value.length < MIN_CHARS) throw tooShort(name);
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
function withoutSecrets(response: Reply, echoes: SecretEchoes): Reply {
  return {
    ...response,
    url: echoes.removedFrom(response.url),
    headers: response.headers.map(([name, value]): [string, string] => [name, echoes.removedFrom(value)]),
    body: echoes.removedFromBytes(response.body),
  };
}

function tooShort(name: string): CatenaError {
  return new CatenaError('download.secret_too_short', `the secret "${name}" has fewer than ${MIN_CHARS} characters`, {
    data: { name },
    remedy: 'use a longer one: in a response it could not be told from other text, and would be stored',
  });
}

function missing(name: string): CatenaError {
  return new CatenaError('download.secret_missing', `there is no secret "${name}" for this request`, {
    data: { name },
    remedy: `add it to the account's login, or list ${name} in downloader.secrets and set that environment variable`,
  });
}
