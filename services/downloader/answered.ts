/** What was answered in a run: an equal request is not sent again. Kept with the run's blobs, and gone with them. */
import { hash } from 'node:crypto';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { canonicalJson } from '../../libs/keys/canonical-json.ts';
import type { RequestBody } from '../../libs/stage/node-body.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import type { Log } from '../../libs/telemetry/log.ts';
import type { HttpResponse } from './http-client.ts';

interface AnsweredDeps {
  readonly blobs: Pick<BlobStore, 'get' | 'put'>;
  readonly log: Log;
}

/** The answer that an equal request had in this run; undefined when it has to be sent. */
export async function findAnswer(
  { blobs }: AnsweredDeps,
  runId: string,
  request: RequestBody,
): Promise<HttpResponse | undefined> {
  if (request.cache !== 'run') return undefined;
  let kept: Uint8Array;
  try {
    kept = await blobs.get(runId, keyOf(request));
  } catch (thrown) {
    if (thrown instanceof CatenaError && thrown.code === 'store.blob_missing') return undefined;
    throw thrown;
  }
  const { body, ...rest } = JSON.parse(Buffer.from(kept).toString()) as HttpResponse & { readonly body: string };
  return { ...rest, body: Buffer.from(body, 'base64') };
}

/** Keeps a whole answer of success. One that cannot be kept is a request more, not a failure. */
export async function keepAnswer(
  { blobs, log }: AnsweredDeps,
  runId: string,
  request: RequestBody,
  response: HttpResponse,
): Promise<void> {
  if (request.cache !== 'run' || response.partial || response.status < 200 || response.status > 299) return;
  const body = Buffer.from(response.body).toString('base64');
  try {
    await blobs.put(runId, keyOf(request), Buffer.from(JSON.stringify({ ...response, body })));
  } catch (error) {
    log.warn('an answer could not be kept', { run_id: runId, error });
  }
}

/** By everything that is sent; secrets stand in it by name. */
function keyOf({ method, url, headers, body = '', session = '', cacheKey = '' }: RequestBody): string {
  return `answer-${hash('sha256', canonicalJson([method, url, headers, body, session, cacheKey]), 'hex')}`;
}
