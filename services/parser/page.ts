import type { ResponseModel } from '../../libs/contracts/messages.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { PageSource } from '../../libs/modules/contract/definition.ts';
import { joinedHeaders, PARTIAL_HEADER, UNDECODED_HEADER } from '../../libs/stage/messages/response-headers.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';

/** Converts a response to the page of the authoring API; a body that is a reference is fetched. */
export async function toPage(blobs: BlobStore, response: ResponseModel): Promise<PageSource> {
  const undecoded = response.headers.find(({ name }) => name === UNDECODED_HEADER)?.value;
  return {
    url: response.finalUrl,
    status: response.status,
    headers: joinedHeaders(response.headers),
    body: await bodyOf(blobs, response),
    partial: response.headers.some(({ name }) => name === PARTIAL_HEADER),
    elapsedMs: response.timings?.totalMs ?? 0,
    fromCache: response.fromCache,
    ...(undecoded === undefined ? {} : { undecoded }),
  };
}

/** Bytes of a body that is to be read from the blob store; 0 for one that the response carries. */
export function storedBytes({ content }: ResponseModel): number {
  return content?.$case === 'blob' ? content.value.sizeBytes : 0;
}

/** Bytes of the body of a response, as it was decoded; 0 for one from the cache, which nobody downloaded. */
export function downloadedBytes({ content, fromCache }: ResponseModel): number {
  if (fromCache || content === undefined) return 0;
  return content.$case === 'blob' ? content.value.sizeBytes : content.value.byteLength;
}

async function bodyOf(blobs: BlobStore, { content, runId }: ResponseModel): Promise<Uint8Array> {
  switch (content?.$case) {
    case 'body':
      return content.value;
    case 'blob':
      return await fromBlob(blobs, runId, content.value.key);
    default:
      return new Uint8Array(0);
  }
}

/** A missing body can be downloaded again, so the request fails and not the store. */
async function fromBlob(blobs: BlobStore, runId: string, key: string): Promise<Uint8Array> {
  try {
    return await blobs.get(runId, key);
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'store.blob_missing') throw thrown;
    throw new CatenaError('parse.body_missing', 'the body of the response is gone', {
      class: 'retryable',
      cause: thrown,
    });
  }
}
