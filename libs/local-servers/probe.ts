/** Checks whether a server on loopback answers in its own protocol. */
import { connect } from 'node:net';
import { SERVER_USER } from './secrets.ts';

/** Sends bytes, if any, and returns whether the first bytes of the response are the expected ones. */
export type Probe = (port: number) => Promise<boolean>;

const ANSWER_TIMEOUT_MS = 1_000;

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Redis, when it takes the login. */
export function redisAnswers({ user, password }: Login): Probe {
  return (port) => answers(port, Buffer.from(`AUTH ${user} ${password}\r\n`), (text) => text.startsWith('+OK'));
}

/** A NATS with JetStream introduces itself. */
export const natsAnswers: Probe = (port) => answers(port, undefined, (text) => /^INFO \{.*"jetstream":true/.test(text));

/** PostgreSQL, when it asks the user for a password: before that it answers with an error. */
export const postgresAnswers: Probe = (port) =>
  answers(port, startup(SERVER_USER, SERVER_USER), (text) => text.startsWith('R'));

const PROTOCOL_3 = 196_608;

function startup(user: string, database: string): Buffer {
  const fields = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + fields.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, fields]);
}

function answers(port: number, greeting: Buffer | undefined, isRight: (text: string) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end(false));
    socket.once('connect', () => greeting !== undefined && socket.write(greeting));
    socket.once('data', (bytes) => end(isRight(bytes.toString('latin1'))));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
