import { inject } from 'vitest';
import { DEFAULT_OPTIONS, describeCoordinator } from './coordinator.ts';
import { openSqliteHarness } from './sqlite-harness.ts';

/** A configuration may `provide` another number of sequences and another seed; without one the defaults hold. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly conformance?: { readonly sequences: number; readonly seed: number };
  }
}

describeCoordinator('SQLite', openSqliteHarness, inject('conformance') ?? DEFAULT_OPTIONS);
