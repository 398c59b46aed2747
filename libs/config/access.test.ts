import { describe, expect, it } from 'vitest';
import { accessWarnings } from './access-warnings.ts';
import { loadConfig } from './load-config.ts';

const TOKENS = { 'grpc.tokens': 'reader:0123456789abcdef' };
const TLS = { 'grpc.tls_cert': 'cert.pem', 'grpc.tls_key': 'key.pem' };
const load = (overrides: Readonly<Record<string, string | boolean>>) => loadConfig({ env: {}, overrides }).config;

describe('a port that other machines may reach (S6)', () => {
  it.each([
    ['grpc.listen', '0.0.0.0:4950'],
    ['api.listen', '0.0.0.0:8080'],
    ['metrics.listen', 'http://0.0.0.0:9464'],
    ['metrics.listen', 'http://[::]:9464'],
    ['metrics.listen', 'http://metrics.test:9464'],
  ])('is refused without a token: %s %s', (setting, address) => {
    expect(() => load({ [setting]: address })).toThrow(/which other machines may reach.*access\.allow_unprotected/s);
  });

  it.each([
    ['grpc.listen', '127.0.0.1:4950'],
    ['metrics.listen', 'http://127.0.0.1:9464'],
    ['metrics.listen', 'http://[::1]:9464'],
    ['metrics.listen', 'http://localhost:9464'],
  ])('is another than one of this machine: %s %s', (setting, address) => {
    expect(accessWarnings(load({ [setting]: address }))).toEqual([]);
  });

  it.each([
    ['grpc.listen', '0.0.0.0:4950'],
    ['api.listen', '0.0.0.0:8080'],
    ['metrics.listen', 'http://0.0.0.0:9464'],
  ])('is opened without a token where that is allowed, and said: %s', (setting, address) => {
    const config = load({ [setting]: address, 'access.allow_unprotected': true });
    expect(accessWarnings(config)).toMatchObject([{ setting, address, problem: 'no_token' }]);
  });

  it.each([
    ['grpc.listen', '0.0.0.0:4950', TOKENS],
    ['api.listen', '0.0.0.0:8080', TOKENS],
    ['metrics.listen', 'http://0.0.0.0:9464', { 'metrics.token': '0123456789abcdef' }],
  ])('is said when its tokens are not encrypted: %s', (setting, address, tokens) => {
    expect(accessWarnings(load({ [setting]: address, ...tokens }))).toMatchObject([{ setting, problem: 'no_tls' }]);
  });

  it('is no news with tokens and TLS', () => {
    expect(accessWarnings(load({ 'grpc.listen': '0.0.0.0:4950', ...TOKENS, ...TLS }))).toEqual([]);
  });
});
