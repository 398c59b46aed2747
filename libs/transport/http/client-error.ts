import type { Socket } from 'node:net';
import { CatenaError } from '../../errors/catena-error.ts';
import { errorAnswer } from './error-answer.ts';

const STATUS_LINES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers bytes that are no request, or one that does not come to its end, in the words of every other refusal. */
export function answerNoRequest({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const error = new CatenaError('api.no_request', `what was sent is no HTTP request (${code})`, {
      remedy: 'send HTTP/1.1, with headers of at most 16 KiB, and without pauses',
    });
    const body = JSON.stringify(errorAnswer(error).body);
    const headers = [
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`HTTP/1.1 ${STATUS_LINES[code] ?? '400 Bad Request'}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
