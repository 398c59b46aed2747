import { lengthFault, rangeFault, requireNone } from '../../../libs/contracts/request-check.ts';

const DEFAULT_SIZE = 50;
const MAX_SIZE = 500;
/** The longest names two identifiers, of 200 characters each. */
const MAX_TOKEN_CHARS = 500;
/** Keeps messages well below the default limit of gRPC (4 MiB), unless one row alone is larger. */
const MAX_PAGE_BYTES = 1024 * 1024;

/** The number of rows that a request asks for. Throws `api.invalid_argument` for invalid sizes and tokens. */
export function pageSize(request: { readonly pageSize: number; readonly pageToken: string }): number {
  requireNone([
    rangeFault('page_size', request.pageSize, 0, MAX_SIZE),
    lengthFault('page_token', request.pageToken, MAX_TOKEN_CHARS),
  ]);
  return request.pageSize === 0 ? DEFAULT_SIZE : request.pageSize;
}

/** How many of the first rows fit one message; at least one. */
export function fitting<Row>(rows: readonly Row[], sizeOf: (row: Row) => number): number {
  let bytes = 0;
  for (const [at, row] of rows.entries()) {
    bytes += sizeOf(row);
    if (bytes > MAX_PAGE_BYTES) return Math.max(1, at);
  }
  return rows.length;
}
