/**
 * Checks a call before its body is read: whether the server still accepts calls, whether the caller may make this one, and how
 * long it may take.
 */
import { Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { callerName } from '../../callers/current-caller.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { DETAILS_KEY, errorToStatus } from './error-to-status.ts';
import { mayCall, type NeededRole } from './roles.ts';
import { callerOf, type StreamQuota } from './stream-quota.ts';
import { type Authenticate, bearerToken } from './tokens.ts';

/** The metadata key that carries a call's deadline from here to its handler, within the process. */
export const DEADLINE_KEY = 'catena-deadline-ms';

/** The metadata key that carries the name of a call's caller, as above. */
export const CALLER_KEY = 'catena-caller';

export interface AdmissionOptions {
  /** Undefined: every caller may do everything. */
  readonly authenticate: Authenticate | undefined;
  readonly neededRole: (path: string) => NeededRole | undefined;
  /** Why no more calls are accepted; undefined while they are. */
  readonly refusal: () => CatenaError | undefined;
  /** The timeout of a unary call whose caller set no deadline. */
  readonly defaultDeadlineMs: number;
  /** Bounds the streams of answers that a caller holds open. */
  readonly streams: StreamQuota;
}

export function admission(options: AdmissionOptions): ServerInterceptor {
  return ({ path, responseStream, requestStream }, call) => {
    let timer: NodeJS.Timeout | undefined;
    let endStream: (() => void) | undefined;
    const over = (): void => {
      clearTimeout(timer);
      endStream?.();
    };
    const limitTime = (): number => {
      const given = Number(call.getDeadline());
      if (Number.isFinite(given) || responseStream || requestStream) return given;
      timer = setTimeout(
        () => call.sendStatus(ending(tooLong(path, options.defaultDeadlineMs))),
        options.defaultDeadlineMs,
      );
      return Date.now() + options.defaultDeadlineMs;
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            const [authorization] = metadata.get('authorization');
            const refused = options.refusal() ?? refuse(path, authorization, options);
            if (refused !== undefined) {
              call.sendStatus(ending(refused));
              return;
            }
            // Calls between services stream in both directions, and are few.
            if (responseStream && !requestStream) {
              // A token counts only where it was checked: otherwise a caller could make up new ones.
              const isChecked = options.authenticate !== undefined && options.neededRole(path) !== 'open';
              const token = isChecked ? bearerToken(authorization?.toString()) : undefined;
              const caller = callerOf(token, call.getPeer());
              const opened = options.streams.open(caller);
              if (opened instanceof CatenaError) {
                call.sendStatus(ending(opened));
                return;
              }
              endStream = opened;
            }
            metadata.remove('authorization');
            metadata.set(DEADLINE_KEY, String(limitTime()));
            const token = bearerToken(authorization?.toString());
            const role = token === undefined ? undefined : options.authenticate?.(token);
            metadata.set(CALLER_KEY, callerName(role, call.getPeer().replace(/:\d+$/, '')));
            pass(metadata);
          },
          onReceiveMessage: (message, pass) => pass(message),
          onReceiveHalfClose: (pass) => pass(),
          onCancel: over,
        });
      },
      sendStatus(status, next) {
        over();
        next(status);
      },
    });
  };
}

function refuse(
  path: string,
  authorization: string | Buffer | undefined,
  { authenticate, neededRole }: AdmissionOptions,
): CatenaError | undefined {
  const needed = neededRole(path);
  if (authenticate === undefined || needed === 'open') return undefined;
  const token = bearerToken(authorization?.toString());
  const role = token === undefined ? undefined : authenticate(token);
  if (role === undefined) {
    return new CatenaError(
      'grpc.unauthenticated',
      token === undefined ? `${path} was called without a token` : `${path} was called with an unknown token`,
      { remedy: 'send `authorization: Bearer <token>` with a token of grpc.tokens' },
    );
  }
  if (mayCall(role, needed)) return undefined;
  return new CatenaError('grpc.permission_denied', `the role ${role} may not call ${path}`, {
    data: { role, needed: needed ?? 'none' },
    remedy: needed === undefined ? 'no role may call it' : `use a token with the role ${needed}`,
  });
}

function tooLong(path: string, limitMs: number): CatenaError {
  return new CatenaError('grpc.deadline_exceeded', `${path} took longer than ${limitMs} ms`, {
    class: 'retryable',
    remedy: 'set a longer deadline',
  });
}

function ending(error: CatenaError) {
  const { code, details, statusBytes } = errorToStatus(error);
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(statusBytes));
  return { code, details, metadata };
}
