/** What one stage hands to the next in the same process. */
import type { ResponseModel } from '../../contracts/messages.ts';
import type { Permit } from '../../limits/rate-limiter.ts';
import type { LoadedRun } from '../run/runs.ts';
import type { Lease } from './lease.ts';

/** A hop, claimed, that the hop before it was committed with. */
export interface HopWork {
  readonly run: LoadedRun;
  readonly lease: Lease;
}

/** A request, claimed, with the permit to send it. */
export interface DownloadWork {
  readonly run: LoadedRun;
  readonly lease: Lease;
  readonly permit: Permit;
}

/** A response, under the lease that its download was made with. */
export interface ParseWork {
  readonly run: LoadedRun;
  readonly lease: Lease;
  readonly response: ResponseModel;
}
