/** What a compute step reads of earlier phases, from the pages of its source. */
import type { JoinedFailure, JoinedItem, JoinedPartial } from '../modules/contract/definition.ts';
import { decodeHop, decodeRequest } from './node-body.ts';
import type { JoinSource } from './served-module.ts';

/** Reads items in their order. */
export async function* readItems(source: JoinSource, type: string | undefined): AsyncGenerator<JoinedItem, void> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const { rows, next } = await source.items(type, after);
    for (const row of rows) yield { type: row.type, data: JSON.parse(row.data) as unknown };
    after = next;
  }
}

/** Reads dead nodes in the order of their creation. */
export async function* readFailures(source: JoinSource): AsyncGenerator<JoinedFailure, void> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const { rows, next } = await source.failures(after);
    for (const { step, reason, error, body } of rows) {
      const { code, message } = error === '' ? NO_FAILURE : (JSON.parse(error) as typeof NO_FAILURE);
      yield { step, reason, code, message, state: decodeHop(body).state };
    }
    after = next;
  }
}

/** Reads what open requests have received, in the order of their ids. */
export async function* readPartials(source: JoinSource): AsyncGenerator<JoinedPartial, void> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const { rows, next } = await source.partials(after);
    for (const { step, body, text, receivedAtMs } of rows) {
      yield { step, state: decodeRequest(body).state, text, receivedAtMs };
    }
    after = next;
  }
}

const NO_FAILURE = { code: '', message: '' };
