import { identifierFault, readJsonObject, requireNone } from '../../../libs/contracts/request-check.ts';
import type { GetAccountRequest, GetAccountResponse, PutAccountRequest } from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { IngressApiDeps } from './deps.ts';

export async function putAccount({ store, clock }: IngressApiDeps, request: PutAccountRequest): Promise<void> {
  const { account, platform } = request;
  const login = readJsonObject('login', request.login, undefined);
  // The parser's reason is left out: it would quote the secret.
  const isWrong = login.fault !== undefined || login.value === undefined;
  requireNone([
    identifierFault('account', account),
    identifierFault('platform', platform),
    isWrong ? { path: 'login', message: 'must be a JSON object' } : undefined,
  ]);
  await store.putAccount({ account, platform, login: login.value, updatedAtMs: clock.now() });
}

export async function getAccount(
  { store }: IngressApiDeps,
  { account, platform }: GetAccountRequest,
): Promise<GetAccountResponse> {
  requireNone([identifierFault('account', account), identifierFault('platform', platform)]);
  const found = await store.getAccount(account, platform);
  if (found === undefined) {
    throw new CatenaError('api.unknown_account', `there is no account "${account}" of platform "${platform}"`, {
      data: { account, platform },
      remedy: 'create it with PutAccount',
    });
  }
  const login = Buffer.from(JSON.stringify(redacted(found.login)));
  return { account, platform, login, updatedAtMs: found.updatedAtMs };
}

const HIDDEN = '***';

/** The same fields with empty values. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return HIDDEN;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redacted(inner)]));
}
