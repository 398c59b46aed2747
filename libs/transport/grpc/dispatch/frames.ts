/**
 * The frames of a dispatch stream, independent of their encoding. The server grants credit; the client sends one request
 * per credit, each with its own id; every request gets one answer, in any order.
 */
import type { CatenaError } from '../../../errors/catena-error.ts';

/** An answer: the result of the request, or its error. */
export type DispatchResult<Response> =
  | { readonly isDone: true; readonly response: Response }
  | { readonly isDone: false; readonly error: CatenaError };

/** The frames that a server sends. */
export type ServerFrame<Response> =
  | { readonly kind: 'credit'; readonly count: number }
  | { readonly kind: 'answer'; readonly id: number; readonly result: DispatchResult<Response> };

/** The frames that a client sends. */
export interface ClientFrame<Request> {
  readonly id: number;
  readonly request: Request;
}

/** Encodes frames as proto messages, and decodes them. Decoders throw for messages that are not frames. */
export interface DispatchCodec<Request, Response, ToServer, ToClient> {
  readonly encodeRequest: (frame: ClientFrame<Request>) => ToServer;
  readonly decodeRequest: (message: ToServer) => ClientFrame<Request>;
  readonly encodeEvent: (frame: ServerFrame<Response>) => ToClient;
  readonly decodeEvent: (message: ToClient) => ServerFrame<Response>;
}
