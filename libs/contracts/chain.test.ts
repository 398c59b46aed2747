import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ChainMessage,
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageFrom,
  RECEIVER,
  type Receives,
  type Sends,
  STAGES,
  type Stage,
  type SubjectKind,
} from './chain.ts';
import { type ErrorTaskModel, ParserTaskModel, type ResponseModel, TaskModel } from './messages.ts';

describe('the stage table', () => {
  it('gives every kind of message to the stage that says it takes it, and to no other', () => {
    for (const [kind, stage] of Object.entries(RECEIVER)) {
      const takers = Object.entries(STAGES).filter(([, { receives }]) =>
        (receives as readonly string[]).includes(kind),
      );
      expect(takers.map(([name]) => name)).toEqual([stage]);
    }
  });

  it('lets every kind be sent by some stage', () => {
    const sent = new Set<string>(Object.values(STAGES).flatMap(({ sends }) => sends));
    expect([...sent].sort()).toEqual(Object.keys(RECEIVER).sort());
  });

  it('types what a stage may send, each kind with its model', () => {
    expectTypeOf<Sends<'parser'>>().toEqualTypeOf<'parser_task' | 'request' | 'response' | 'error'>();
    expectTypeOf<Receives<'error-threshold'>>().toEqualTypeOf<'error'>();
    expectTypeOf<Message<Sends<'downloader'>>>().toEqualTypeOf<
      | { readonly kind: 'response'; readonly model: ResponseModel }
      | { readonly kind: 'error'; readonly model: ErrorTaskModel }
    >();
    expectTypeOf<Message<'request'>>().toExtend<MessageFrom<'module-processor'>>();
    expectTypeOf<Message<'request'>>().not.toExtend<MessageFrom<'downloader'>>();
    expectTypeOf<MessageFrom<Stage>>().toExtend<ChainMessage>();
  });
});

describe('messages as bytes', () => {
  it('come back as they went, each kind by its own codec', () => {
    const hop: Message<'parser_task'> = {
      kind: 'parser_task',
      model: ParserTaskModel.fromPartial({ id: 'n', state: Buffer.from('{}'), metadata: { a: 'b' } }),
    };
    expect(decodeMessage('parser_task', encodeMessage(hop))).toEqual(hop);
    const task: Message<'task'> = {
      kind: 'task',
      model: TaskModel.fromPartial({ taskId: 't', deadlineMs: 2 ** 53 - 1 }),
    };
    expect(decodeMessage('task', encodeMessage(task))).toEqual(task);
  });

  it.each(['0a05', 'ffffffffffffffffffffff', '40ffffffffffffffff7f', '0b0b0b'])(
    'are refused with their kind when %s is no message',
    (hex) => {
      expect(() => decodeMessage('task', Buffer.from(hex, 'hex'))).toThrow(
        expect.objectContaining({ code: 'contracts.undecodable', data: { kind: 'task', sizeBytes: hex.length / 2 } }),
      );
    },
  );

  it('either decode or are refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom<SubjectKind>('task', 'error', 'response'), fc.uint8Array(), (kind, bytes) => {
        try {
          expect(decodeMessage(kind, bytes).kind).toBe(kind);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'contracts.undecodable' });
        }
      }),
    );
  });
});
