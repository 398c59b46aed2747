import { expect, it } from 'vitest';
import { ChainError, type ErrorClass } from '../../contracts/messages.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { toFailure } from '../../errors/failure.ts';
import { fromChainError, toChainError } from './chain-error.ts';

it.each(['retryable', 'fatal', 'skip'] as const)('comes back as it went, when it is %s', (errorClass) => {
  const error = new CatenaError('download.timeout', 'too slow', {
    class: errorClass,
    data: { afterMs: 100 },
    retryAfterMs: 5,
    cause: new Error('ECONNRESET'),
  });
  const sent = toChainError(toFailure(error, 'downloader'));
  expect(sent).toMatchObject({ stage: 'downloader', causes: [{ message: 'ECONNRESET' }] });
  expect(fromChainError(ChainError.decode(ChainError.encode(sent).finish()))).toMatchObject({
    code: 'download.timeout',
    class: errorClass,
    message: 'too slow',
    data: { afterMs: 100 },
    retryAfterMs: 5,
  });
});

it('is read from whatever comes', () => {
  const read = (fields: Partial<ChainError>) => fromChainError(ChainError.fromPartial(fields));
  expect(read({})).toMatchObject({ code: 'contracts.no_code', class: 'retryable', data: {}, retryAfterMs: undefined });
  expect(read({ code: 'x.y', class: 77 as ErrorClass })).toMatchObject({ class: 'retryable' });
  for (const text of ['{', '1', 'null', '"x"']) expect(read({ data: Buffer.from(text) }).data).toEqual({});
});
