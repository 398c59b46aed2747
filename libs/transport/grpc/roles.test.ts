import { describe, expect, it } from 'vitest';
import { readDescriptors } from './descriptors.ts';
import { METHODS_WITH_ROLES, mayCall, neededRole, ROLES } from './roles.ts';
import { authenticator, bearerToken, parseTokens } from './tokens.ts';

describe('roles', () => {
  it('are decided for every method of every service, and for nothing else', () => {
    const { methods } = readDescriptors();
    expect(methods.length).toBeGreaterThan(20);
    expect([...METHODS_WITH_ROLES].sort()).toEqual(methods);
  });

  it('let nobody call what nobody decided about', () => {
    for (const path of ['/catena.v1.Ingress/Other', 'toString', '__proto__', '']) {
      expect(ROLES.filter((role) => mayCall(role, neededRole(path)))).toEqual([]);
    }
  });

  it.each([
    ['/catena.v1.Ingress/GetRun', ['reader', 'submitter', 'operator', 'service']],
    ['/catena.v1.Ingress/SubmitTask', ['submitter', 'operator']],
    ['/catena.v1.Ingress/GetTask', ['reader', 'submitter', 'operator', 'service']],
    ['/catena.v1.Ingress/ListTasks', ['reader', 'submitter', 'operator', 'service']],
    ['/catena.v1.Ingress/TerminateTask', ['operator']],
    ['/catena.v1.Ingress/LiftTask', ['operator']],
    ['/catena.v1.Ingress/ReplayDeadLetters', ['operator']],
    ['/catena.v1.Ingress/PutAccount', ['operator']],
    ['/catena.v1.ErrorThreshold/Terminate', ['operator']],
    ['/catena.v1.Downloader/ResetBreaker', ['operator']],
    ['/catena.v1.ModuleProcessor/ExecuteModule', ['service']],
    ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', [...ROLES]],
    ['/grpc.health.v1.Health/Check', [...ROLES]],
  ])('that may call %s', (path, roles) => {
    expect(ROLES.filter((role) => mayCall(role, neededRole(path)))).toEqual(roles);
  });
});

describe('tokens', () => {
  it('are read with their roles', () => {
    expect(parseTokens('reader:abc, operator:d:e=')).toEqual([
      { role: 'reader', token: 'abc' },
      { role: 'operator', token: 'd:e=' },
    ]);
  });

  it.each(['', 'abc', 'admin:abc', 'reader:', 'reader:a b', 'reader:abc,'])(
    'are refused as %j, without showing it',
    (text) => {
      expect(() => parseTokens(text)).toThrow(expect.objectContaining({ code: 'grpc.invalid_tokens' }));
      if (text !== '') expect(() => parseTokens(text)).not.toThrow(text);
    },
  );

  it('give the role of the one that is equal, the first of equals', () => {
    const roleOf = authenticator(parseTokens('reader:abc,operator:abcd,service:abc'));
    expect(['abc', 'abcd', 'ab', 'abcde', '', 'ABC'].map(roleOf)).toEqual([
      'reader',
      'operator',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc', 'abc'],
    ['abc', undefined],
    ['Bearer abc def', undefined],
    ['Basic abc', undefined],
    [undefined, undefined],
  ])('stand in a header as %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
