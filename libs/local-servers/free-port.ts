import { once } from 'node:events';
import { createServer } from 'node:net';
import { CatenaError } from '../errors/catena-error.ts';

const HOST = '127.0.0.1';
/** Below the ports that systems give to connections and to who asks for any port: nobody gets one of these by chance in between. */
const FIRST = 10_000;
const COUNT = 22_000;
/** Ports that are tried. */
const TRIES = 1_000;

/** Each process begins somewhere else, and takes none twice. */
let next = Math.floor(Math.random() * COUNT);

/** A port of the loopback interface that nobody listens on. Throws `servers.no_free_port`. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + (next % COUNT);
    next += 1;
    if (await isFree(port)) return port;
  }
  throw new CatenaError('servers.no_free_port', `none of ${TRIES} ports of ${HOST} is free`, {
    remedy: 'end programs that listen there',
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
