import type { Environment } from './environment.ts';

/** By which most programs learn of a proxy, in capitals and in small letters. */
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];

export interface ProxyWarning {
  readonly message: string;
  /** The variables that are set; their values may hold a login, and are not shown. */
  readonly variables: readonly string[];
  readonly remedy: string;
}

/** Says that the proxies which the environment names are not used; undefined if it names none. */
export function ignoredProxies(environment: Environment): ProxyWarning | undefined {
  const variables = VARIABLES.flatMap((name) => [name, name.toLowerCase()]).filter(
    (name) => (environment[name] ?? '') !== '',
  );
  if (variables.length === 0) return undefined;
  return {
    message: 'the proxies of the environment are not used: requests go to their hosts directly',
    variables,
    remedy: 'unset the variables if that is right; a network that can be left only by a proxy is not supported',
  };
}
