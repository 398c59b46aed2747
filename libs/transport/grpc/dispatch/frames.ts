/**
 * What a dispatch stream carries, whatever the messages look like. The server grants credit; the client sends one request
 * per credit, each with an id of its own; every request gets one answer, in any order.
 */
import type { CatenaError } from '../../../errors/catena-error.ts';

/** An answer: what the request came to, or why it could not be done. */
export type DispatchResult<Response> =
  | { readonly isDone: true; readonly response: Response }
  | { readonly isDone: false; readonly error: CatenaError };

/** What a server says. */
export type ServerFrame<Response> =
  | { readonly kind: 'credit'; readonly count: number }
  | { readonly kind: 'answer'; readonly id: number; readonly result: DispatchResult<Response> };

/** What a client says. */
export interface ClientFrame<Request> {
  readonly id: number;
  readonly request: Request;
}

/** How frames are written as messages of a proto, and read from them. Readers throw for messages that are no frames. */
export interface DispatchCodec<Request, Response, ToServer, ToClient> {
  readonly encodeRequest: (frame: ClientFrame<Request>) => ToServer;
  readonly decodeRequest: (message: ToServer) => ClientFrame<Request>;
  readonly encodeEvent: (frame: ServerFrame<Response>) => ToClient;
  readonly decodeEvent: (message: ToClient) => ServerFrame<Response>;
}
