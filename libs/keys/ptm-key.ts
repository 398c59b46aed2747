/**
 * A node's id: the same work always has the same id, so that a redo after a crash or a failover finds the existing node instead
 * of creating another.
 *
 *     ptm_key = base64url(sha256(encoding))          43 characters, no padding
 *     encoding = field*                              in the order v1, kind, run_id, account, platform, module_id,
 *                                                    step_idx, prefix_request, branch
 *     field    = length ":" text ","                 length: the text's UTF-8 bytes, decimal; step_idx as decimal
 *
 * The lengths make the encoding unambiguous: no texts can look like another list of fields. `v1` is the version of this format.
 * Epochs and redirects are not part of it: a retry is the same node.
 */
import { hash } from 'node:crypto';
import { CatenaError } from '../errors/catena-error.ts';
import { canonicalJson } from './canonical-json.ts';

const FORMAT = 'v1';

/** The fields that identify a node. */
export interface NodeIdentity {
  readonly kind: 'hop' | 'request';
  readonly runId: string;
  readonly account: string;
  readonly platform: string;
  /** `name@version`. */
  readonly moduleId: string;
  readonly stepIdx: number;
  /** Empty, unless the step has `identity: 'lineage'`: then the id of the request that produced the hop. */
  readonly prefixRequest: string;
  /** {@link hopBranch} or {@link requestBranch}. */
  readonly branch: string;
}

/** Returns the id of a node. Throws `keys.malformed_text` (fatal) for text with lone surrogates, which has no UTF-8 form. */
export function ptmKey(node: NodeIdentity): string {
  const encoding =
    field(FORMAT) +
    field(node.kind) +
    field(node.runId) +
    field(node.account) +
    field(node.platform) +
    field(node.moduleId) +
    field(`${node.stepIdx}`) +
    field(node.prefixRequest) +
    field(node.branch);
  return sha256(encoding);
}

/**
 * Distinguishes two hops of a step: by the author's key, or by the state itself.
 *
 * The two never collide: a key has the prefix `key:`, a state's hash `state:`. Throws `keys.not_json` for a state that is not
 * JSON and `keys.empty_key` for an empty key, which would silently make all hops of the step one.
 */
export function hopBranch(state: unknown, key?: string): string {
  if (key === undefined) return `state:${sha256(canonicalJson(state))}`;
  if (key === '') {
    throw new CatenaError('keys.empty_key', 'the key of a hop is empty: all hops of its step would be the same', {
      remedy: 'leave the key out, or give each hop a key of its own',
    });
  }
  return `key:${key}`;
}

/** Distinguishes two requests of a hop: by their position among its requests, from 0. */
export function requestBranch(hopId: string, ordinal: number): string {
  return `${hopId}:${ordinal}`;
}

function field(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`;
}

function sha256(text: string): string {
  if (!text.isWellFormed()) {
    throw new CatenaError(
      'keys.malformed_text',
      `text with a lone surrogate cannot be part of an id: ${text.toWellFormed()}`,
      {
        remedy: 'cut strings at whole characters',
      },
    );
  }
  return hash('sha256', text, 'base64url');
}
