import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { SUSPECT_AFTER } from '../../coordination/protocol/claims.ts';
import { type Alone, type Later, Solitude } from './solitude.ts';

/** Leases as the keeper counts them. */
class Leases {
  held = 0;
  #none = Promise.withResolvers<void>();

  noneHeld(): Promise<void> {
    return this.held === 0 ? Promise.resolve() : this.#none.promise;
  }

  end(): void {
    this.held -= 1;
    if (this.held > 0) return;
    this.#none.resolve();
    this.#none = Promise.withResolvers();
  }
}

function open(longestWaitMs?: number) {
  const clock = new ManualClock();
  const leases = new Leases();
  const wait = longestWaitMs === undefined ? {} : { longestWaitMs };
  const solitude = new Solitude({ leases, clock, ...wait });
  return { clock, leases, solitude, signal: new AbortController().signal };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function alone(room: Promise<Alone | Later>): Promise<Alone> {
  const made = await room;
  expect(made.kind).toBe('alone');
  return made as Alone;
}

function started(solitude: Solitude) {
  const claim = solitude.startClaim();
  expect(claim.kind).toBe('started');
  return claim as Extract<typeof claim, { kind: 'started' }>;
}

describe('a suspect', () => {
  it('has the process at once when nothing is held', async () => {
    const { solitude } = open();
    await alone(solitude.makeRoom(SUSPECT_AFTER));
    expect(solitude.state).toBe('alone');
  });

  it('waits until the last held node has ended, and until claims on their way were answered', async () => {
    const { solitude, leases } = open();
    const claim = started(solitude);
    leases.held = 2;
    let room: Alone | Later | undefined;
    const made = solitude.makeRoom(SUSPECT_AFTER).then((answer) => (room = answer));
    leases.end();
    leases.end();
    await turn();
    // The claim is answered: one more node is held.
    leases.held = 1;
    claim.end();
    await turn();
    expect([room, solitude.state]).toEqual([undefined, 'waiting']);
    leases.end();
    await made;
    expect(room?.kind).toBe('alone');
  });

  it('keeps every other node from starting, from its wait on until it ends', async () => {
    const { solitude, leases, signal } = open();
    leases.held = 1;
    const room = solitude.makeRoom(SUSPECT_AFTER);
    for (const state of ['waiting', 'alone']) {
      expect([solitude.isOpen, solitude.state]).toEqual([false, state]);
      expect(solitude.startClaim()).toMatchObject({ kind: 'later', delayMs: expect.any(Number) });
      expect(solitude.opened(signal)).toBeInstanceOf(Promise);
      if (state === 'waiting') leases.end();
      await turn();
    }
    const opened = solitude.opened(signal)!;
    const made = await alone(room);
    made.end();
    await opened;
    expect([solitude.isOpen, solitude.opened(signal)]).toEqual([true, undefined]);
    started(solitude);
  });

  it('is put off while another one waits or is executed', async () => {
    const { solitude, leases } = open();
    leases.held = 1;
    const first = solitude.makeRoom(SUSPECT_AFTER);
    expect((await solitude.makeRoom(SUSPECT_AFTER)).kind).toBe('later');
    leases.end();
    await alone(first);
    expect((await solitude.makeRoom(SUSPECT_AFTER)).kind).toBe('later');
  });

  it('lets the others have as much time as the last suspect took, within bounds', async () => {
    const { solitude, clock } = open();
    for (const [tookMs, turnMs] of [
      [1, 100],
      [700, 700],
      [90_000, 60_000],
    ] as const) {
      const made = await alone(solitude.makeRoom(SUSPECT_AFTER));
      clock.advance(tookMs);
      made.end();
      expect(await solitude.makeRoom(SUSPECT_AFTER)).toEqual({ kind: 'later', delayMs: turnMs });
      clock.advance(turnMs - 1);
      expect(await solitude.makeRoom(SUSPECT_AFTER)).toEqual({ kind: 'later', delayMs: 1 });
      started(solitude).end();
      clock.advance(1);
    }
    await alone(solitude.makeRoom(SUSPECT_AFTER));
  });

  it('that has lost a lease alone waits until its process has lived for ten seconds: one that dies young proves nothing', async () => {
    const { solitude, clock } = open();
    expect(await solitude.makeRoom(SUSPECT_AFTER + 1)).toEqual({ kind: 'later', delayMs: 10_000 });
    expect(solitude.isOpen).toBe(true);
    const other = await alone(solitude.makeRoom(SUSPECT_AFTER));
    other.end();
    clock.advance(9_999);
    expect(await solitude.makeRoom(SUSPECT_AFTER + 1)).toEqual({ kind: 'later', delayMs: 1 });
    clock.advance(1);
    await alone(solitude.makeRoom(SUSPECT_AFTER + 1));
  });

  it('that ends twice does not open the process for the next one', async () => {
    const { solitude, clock } = open();
    const first = await alone(solitude.makeRoom(SUSPECT_AFTER));
    first.end();
    clock.advance(1_000);
    await alone(solitude.makeRoom(SUSPECT_AFTER));
    first.end();
    expect(solitude.state).toBe('alone');
  });

  it('is put off when a held node does not end, and the others go on', async () => {
    const { solitude, leases, signal } = open(5);
    leases.held = 1;
    const room = solitude.makeRoom(SUSPECT_AFTER);
    const opened = solitude.opened(signal);
    expect((await room).kind).toBe('later');
    await opened;
    expect(solitude.isOpen).toBe(true);
    expect((await solitude.makeRoom(SUSPECT_AFTER)).kind).toBe('later');
  });

  it('is put off when the process stops, at once and later', async () => {
    const { solitude, leases } = open();
    leases.held = 1;
    const room = solitude.makeRoom(SUSPECT_AFTER);
    solitude.stop();
    solitude.stop();
    expect((await room).kind).toBe('later');
    leases.end();
    expect((await solitude.makeRoom(SUSPECT_AFTER)).kind).toBe('later');
    started(solitude);
  });
});

it('what waits for the process to open stops waiting when its stage stops', async () => {
  const { solitude } = open();
  const stopping = new AbortController();
  await alone(solitude.makeRoom(SUSPECT_AFTER));
  const opened = solitude.opened(stopping.signal)!;
  stopping.abort(new Error('stopped'));
  await expect(opened).rejects.toThrow('stopped');
});

it('I11: no node is held beside a suspect, whatever claims, ends and suspects come in which order', async () => {
  const { solitude, leases, clock } = open();
  let random = 7;
  const next = (below: number): number => {
    random = (random * 48_271) % 2_147_483_647;
    return random % below;
  };
  let isAlone = false;
  let executed = 0;
  const execute = async (): Promise<void> => {
    const claim = solitude.startClaim();
    if (claim.kind === 'later') return;
    for (let left = next(3); left > 0; left--) await turn();
    expect(isAlone).toBe(false);
    leases.held += 1;
    claim.end();
    for (let left = next(4); left > 0; left--) await turn();
    expect(isAlone).toBe(false);
    leases.end();
    executed += 1;
  };
  let suspects = 0;
  const suspect = async (): Promise<void> => {
    const room = await solitude.makeRoom(SUSPECT_AFTER);
    if (room.kind === 'later') return;
    expect([isAlone, leases.held]).toEqual([false, 0]);
    isAlone = true;
    for (let left = next(3); left > 0; left--) await turn();
    isAlone = false;
    suspects += 1;
    room.end();
  };
  const running: Promise<void>[] = [];
  for (let step = 0; step < 3_000; step++) {
    running.push(next(10) === 0 ? suspect() : execute());
    clock.advance(next(40));
    if (next(3) === 0) await turn();
  }
  await Promise.all(running);
  expect(executed).toBeGreaterThan(500);
  expect(suspects).toBeGreaterThan(20);
});
