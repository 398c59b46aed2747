/** What the code of an author does wrong, how its node must end, and by which budget. */

/** Times and memory that author code has, as settings; undefined: the product's own. */
export interface Budgets {
  readonly callTimeoutMs: number;
  readonly blockTimeoutMs: number;
  readonly memoryMb: number;
}

export interface AuthorFault {
  readonly name: string;
  /** The page on which `faults.ts` does it. */
  readonly path: string;
  /** By what its node must end: one of these. */
  readonly codes: readonly string[];
  /** The time that the call has; undefined: it needs no budget to end. */
  readonly budget?: 'callTimeoutMs' | 'blockTimeoutMs';
}

export const AUTHOR_FAULTS: readonly AuthorFault[] = [
  { name: 'a loop without an end', path: '/loop', codes: ['execution.blocked'], budget: 'blockTimeoutMs' },
  {
    name: 'a regular expression that explodes',
    path: '/regex',
    codes: ['execution.blocked'],
    budget: 'blockTimeoutMs',
  },
  { name: 'awaits in a loop', path: '/microtasks', codes: ['execution.blocked'], budget: 'blockTimeoutMs' },
  { name: 'a promise that never settles', path: '/await', codes: ['execution.timeout'], budget: 'callTimeoutMs' },
  { name: 'a rejection that nobody awaits', path: '/late-rejection', codes: ['parse.threw'] },
  { name: 'an error in a timer', path: '/timer', codes: ['parse.threw'] },
  { name: 'process.exit()', path: '/exit', codes: ['execution.exit'] },
  { name: 'process.kill() of its own process', path: '/kill', codes: ['execution.exit'] },
  // Memory is filled without a pause, so the time of a block bounds it too.
  { name: 'a heap that fills', path: '/heap', codes: ['execution.out_of_memory'], budget: 'blockTimeoutMs' },
  { name: 'buffers that fill memory', path: '/buffers', codes: ['execution.out_of_memory'], budget: 'blockTimeoutMs' },
  { name: 'ten million yields', path: '/ten-million', codes: ['parse.too_many_yields'], budget: 'callTimeoutMs' },
  { name: 'a generator without an end', path: '/endless', codes: ['parse.too_many_yields'], budget: 'callTimeoutMs' },
  { name: 'a getter that throws', path: '/getter', codes: ['module.wrong_item'] },
];

/** One allocation that may be larger than what the heap can grow by: V8 would end the process. */
export const ONE_ALLOCATION: AuthorFault = {
  name: 'one allocation of 800 MB',
  path: '/one-allocation',
  // V8 cannot be interrupted while it fills the array: where that takes long, the time is noticed before the memory.
  codes: ['execution.out_of_memory', 'execution.blocked'],
};
