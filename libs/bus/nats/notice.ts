import type { Receiver } from '../port.ts';

/** Notices of a bus for its owner's log and metrics. */
export type BusNotice =
  | { readonly kind: 'disconnected' | 'reconnected'; readonly server: string }
  /** Missing streams or consumers were created again; the sweeper sends their wake-ups again. */
  | { readonly kind: 'restored'; readonly streams: number; readonly consumers: number }
  /** The server refused an operation without a waiting caller, such as a subscription without permission. */
  | { readonly kind: 'server_error'; readonly error: unknown }
  /** Creating them again failed; it is retried. */
  | { readonly kind: 'restore_failed'; readonly error: unknown }
  /** A receiver threw, or a refused message could not be recorded; the message was returned. */
  | { readonly kind: 'delivery_failed'; readonly stage: Receiver; readonly error: unknown };
