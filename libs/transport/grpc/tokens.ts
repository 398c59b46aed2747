/** The callers: bearer tokens, each with a role. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { CatenaError } from '../../errors/catena-error.ts';
import { ROLES, type Role } from './roles.ts';

export interface Token {
  readonly role: Role;
  readonly token: string;
}

/** The role of a bearer token; undefined if the token is unknown. */
export type Authenticate = (token: string) => Role | undefined;

/** The form of the setting `grpc.tokens`: `role:token`, separated by commas. Throws `grpc.invalid_tokens` (fatal). */
export function parseTokens(text: string): readonly Token[] {
  return text.split(',').map((entry, index) => {
    const colon = entry.indexOf(':');
    const role = ROLES.find((name) => name === entry.slice(0, colon).trim());
    const token = entry.slice(colon + 1).trim();
    if (role === undefined || !/^[\x21-\x7e]+$/.test(token)) {
      throw new CatenaError('grpc.invalid_tokens', `entry ${index + 1} of grpc.tokens is not of the form role:token`, {
        remedy: `write role:token, with a role of ${ROLES.join(', ')}`,
      });
    }
    return { role, token };
  });
}

/**
 * Compares in constant time: hashes of equal length, and every token each time, so that the delay of a response reveals neither
 * how much of a token was right nor which one.
 */
export function authenticator(tokens: readonly Token[]): Authenticate {
  const known = tokens.map(({ role, token }) => ({ role, hash: hashOf(token) }));
  return (token) => {
    const hash = hashOf(token);
    let found: Role | undefined;
    for (const candidate of known) if (timingSafeEqual(candidate.hash, hash)) found ??= candidate.role;
    return found;
  };
}

/** The token of an `authorization` header; undefined if it has none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
