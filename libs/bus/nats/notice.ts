import type { Receiver } from '../port.ts';

/** What happens to a bus beside its messages, for its owner's log and counts. */
export type BusNotice =
  | { readonly kind: 'disconnected' | 'reconnected'; readonly server: string }
  /** Streams or consumers had vanished and were made again; what was in them is notified again by the sweeper. */
  | { readonly kind: 'restored'; readonly streams: number; readonly consumers: number }
  /** The server refused something that nobody waits for an answer of, such as a subscription without permission. */
  | { readonly kind: 'server_error'; readonly error: unknown }
  /** Making them again failed; it is tried again. */
  | { readonly kind: 'restore_failed'; readonly error: unknown }
  /** A receiver threw, or a refused message could not be recorded; the message was given back. */
  | { readonly kind: 'delivery_failed'; readonly stage: Receiver; readonly error: unknown };
