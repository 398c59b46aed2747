import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../contracts/chain.ts';
import { namespaceOf } from '../../contracts/subjects.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { request } from './bus.fixture.ts';
import type { Delivered } from './delivered.ts';
import { headersAsRecord, outgoingHeaders, sizeOf } from './message-headers.ts';
import { contractCheck, readDelivery } from './read-message.ts';

const PLAIN = namespaceOf('');

function delivered(subject: string, data: Uint8Array, sent = outgoingHeaders('request')): Delivered {
  return { subject, data, headers: sent } as unknown as Delivered;
}

describe('reading a delivery', () => {
  it.each(['', 'staging'])('gives back what was sent, in namespace %j', (name) => {
    const namespace = namespaceOf(name);
    const msg = delivered(namespace.subject('chain.request.m'), encodeMessage(request('n')));
    expect(readDelivery(msg, 'downloader', namespace, contractCheck)).toEqual({
      message: request('n'),
      headers: { 'Catena-Contract': '1', 'Catena-Kind': 'request' },
    });
  });

  it.each([
    ['another stage', 'chain.response.m', 'bus.subject_mismatch'],
    ['no kind', 'chain.nonsense.m', 'bus.subject_mismatch'],
    ['an inherited word', 'chain.constructor.m', 'bus.subject_mismatch'],
    ['no scope', 'chain.request', 'bus.subject_mismatch'],
    ['another module', 'chain.request.other', 'bus.subject_mismatch'],
  ])('refuses what is on the subject of %s', (_, subject, code) => {
    const read = readDelivery(delivered(subject, encodeMessage(request('n'))), 'downloader', PLAIN, contractCheck);
    expect(read).toMatchObject({ refused: { subject, error: { code, class: 'fatal' } } });
  });

  it('never throws, whatever the bytes, the subject and the headers', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.oneof(text, fc.constant('chain.request.-')),
        fc.boolean(),
        (bytes, subject, own) => {
          const msg = delivered(subject, bytes, own ? outgoingHeaders('request') : headers());
          const read = readDelivery(msg, 'downloader', PLAIN, contractCheck);
          if ('refused' in read) expect(read.refused.error).toBeInstanceOf(CatenaError);
          else expect(contractCheck(read.message)).toBeUndefined();
        },
      ),
    );
  });
});

describe('headers', () => {
  it('are read with the last of repeated values, and none when there are none', () => {
    const sent = headers();
    sent.append('A', '1');
    sent.append('A', '2');
    expect([headersAsRecord(sent), headersAsRecord(undefined)]).toEqual([{ A: '2' }, {}]);
  });

  it('count with a message’s size', () => {
    const sent = headers();
    const bare = sizeOf(sent, new Uint8Array(10));
    sent.set('Name', 'é');
    expect(sizeOf(sent, new Uint8Array(10)) - bare).toBe(4 + 2 + 4);
  });
});
