/** The command line in this process, its streams and signals in the test's hand. */
import { Readable, Writable } from 'node:stream';
import { vi } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { CliContext } from './context.ts';
import { runCommandLine } from './main.ts';

export interface CliCall {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends SIGINT. */
  readonly interrupt: () => void;
  readonly code: Promise<number>;
  /** Resolves when standard error matches. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

/** Gives a command; `changes` replaces what its process would give it. */
export function startCli(args: readonly string[], changes: Partial<CliContext> = {}): CliCall {
  const out = captured();
  const err = captured();
  const listeners = new Set<() => void>();
  const context: Omit<CliContext, 'reader'> = {
    io: { stdin: Readable.from([]), stdout: out.stream, stderr: err.stream },
    env: {},
    clock: systemClock,
    extensions: [],
    loadEngine: () => {
      throw new Error('nothing is executed here');
    },
    serve: async () => 0,
    examine: async () => [],
    recover: async () => {
      throw new Error('nothing is recovered here');
    },
    migrate: async () => {},
    serviceProgram: (service) => [service],
    invocation: 'catena',
    args,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exitNow: () => {
      throw new Error('the process would have been ended');
    },
    ...changes,
  };
  return {
    stdout: out.text,
    stderr: err.text,
    interrupt: () => {
      for (const listener of [...listeners]) listener();
    },
    code: runCommandLine({ ...context, open: async () => context }, '1.2.3'),
    says: (pattern) =>
      vi.waitFor(() => {
        if (!pattern.test(err.text())) throw new Error(`it says: ${err.text()}`);
      }, 10_000),
  };
}

export interface CliEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCli(args: readonly string[], changes: Partial<CliContext> = {}): Promise<CliEnd> {
  const call = startCli(args, changes);
  const code = await call.code;
  return { code, stdout: call.stdout(), stderr: call.stderr() };
}

/** A stream that keeps what was written; with `columns` it is as wide a terminal. */
export function captured(): { readonly stream: Writable & { columns?: number }; readonly text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}
