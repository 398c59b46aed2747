import { describe, expect, it, vi } from 'vitest';
import { type ListItemsRequest, type Run, RunState } from '../../../libs/contracts/services.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { type Api, call, drive, json, openApi, shop, submitted } from './ingress-api.fixture.ts';
import { RunScene } from './run-watch.ts';

const draining = new CatenaError('grpc.draining', 'the server stops', { class: 'retryable' });

/** Rows of a run, each as its number, until the stream ends. */
async function itemsOf({ api }: Api, request: Partial<ListItemsRequest>, signal?: AbortSignal) {
  const seqs: number[] = [];
  const skus: unknown[] = [];
  const stream = api.listItems(
    { runId: '', afterSeq: 0, type: '', follow: false, withReplaced: false, ...request },
    call(signal),
  );
  for await (const { items } of stream as AsyncIterable<{ items: { seq: number; data: Uint8Array }[] }>) {
    for (const { seq, data } of items) {
      seqs.push(seq);
      skus.push((JSON.parse(Buffer.from(data).toString()) as { sku: string }).sku);
    }
  }
  return { seqs, skus };
}

function watched({ api }: Api, runId: string, signal?: AbortSignal): AsyncIterable<Run> {
  const stream = api.watchRun({ runId }, call(signal)) as AsyncIterable<{ run: Run }>;
  return (async function* () {
    for await (const { run } of stream) yield run;
  })();
}

describe('WatchRun', () => {
  it('shows the run as it stands, each change, and ends with its end', async () => {
    const opened = openApi();
    opened.bench.http.answer = () => ({ body: 'a' });
    const runId = await submitted(opened, { input: json({ pages: 2 }) });
    const seen: Run[] = [];
    let driven: Promise<void> | undefined;
    for await (const run of watched(opened, runId)) {
      seen.push(run);
      driven ??= drive(opened.bench);
    }
    await driven;
    expect(seen[0]).toMatchObject({ runId, state: RunState.OPEN, nodes: { done: 1 }, input: Buffer.alloc(0) });
    expect(seen.at(-1)).toMatchObject({
      state: RunState.CLOSED,
      nodes: { done: 5, open: 0 },
      items: 2,
      end: { items: 2 },
    });
    for (const [at, run] of seen.entries()) if (at > 0) expect(run).not.toEqual(seen[at - 1]);
  });

  it('shows a closed run once', async () => {
    const opened = openApi();
    const runId = await submitted(opened);
    await drive(opened.bench);
    const seen: Run[] = [];
    for await (const run of watched(opened, runId)) seen.push(run);
    expect(seen).toMatchObject([{ state: RunState.CLOSED }]);
  });

  it('looks once for all who watch, and leaves nothing behind when they go', async () => {
    const { bench, deps, ...rest } = openApi();
    const runId = await submitted({ bench, deps, ...rest });
    const watch = new RunScene({ ...deps, pollIntervalMs: 20 });
    const gone = new AbortController();
    const streams = Array.from({ length: 50 }, () => watch.follow(runId, gone.signal));
    for (const stream of streams) await stream.next();
    const looks = vi.spyOn(bench.coordinator, 'findRun');
    const next = streams.map((stream) => stream.next());
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(2));
    expect(looks.mock.calls.length).toBeLessThan(20);
    expect(watch.size).toBe(1);
    gone.abort(draining);
    for (const each of next) await expect(each).rejects.toBe(draining);
    expect(watch.size).toBe(0);
  });

  it('ends with the reason of its signal when the server stops or the client goes', async () => {
    const opened = openApi();
    const runId = await submitted(opened);
    const stop = new AbortController();
    const stream = watched(opened, runId, stop.signal)[Symbol.asyncIterator]();
    await stream.next();
    const next = stream.next();
    stop.abort(draining);
    await expect(next).rejects.toBe(draining);
  });

  it('ends with the error of a coordinator that does not answer', async () => {
    const opened = openApi();
    const runId = await submitted(opened);
    const down = new CatenaError('coordinator.unavailable', 'gone', { class: 'retryable' });
    const stream = watched(opened, runId)[Symbol.asyncIterator]();
    await stream.next();
    vi.spyOn(opened.bench.coordinator, 'findRun').mockRejectedValue(down);
    await expect(stream.next()).rejects.toBe(down);
  });

  it('counts rows rarely when counting takes long', async () => {
    const { bench, deps, ...rest } = openApi();
    const runId = await submitted({ bench, deps, ...rest });
    const count = vi.spyOn(bench.store, 'countItems').mockImplementation(async () => {
      bench.clock.advance(10);
      return 1;
    });
    const watch = new RunScene(deps);
    const gone = new AbortController();
    const stream = watch.follow(runId, gone.signal);
    await stream.next();
    const looks = vi.spyOn(bench.coordinator, 'findRun');
    const next = stream.next();
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(3));
    expect(count).toHaveBeenCalledTimes(1);
    bench.clock.advance(200);
    await vi.waitFor(() => expect(count).toHaveBeenCalledTimes(2));
    gone.abort(draining);
    await expect(next).rejects.toBe(draining);
  });

  it('refuses a run that is none', async () => {
    const opened = openApi();
    for (const [runId, code] of [
      ['nosuch', 'api.unknown_run'],
      ['', 'api.invalid_argument'],
    ] as const) {
      await expect(watched(opened, runId)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code });
    }
  });
});

describe('ListItems', () => {
  async function finished(skus: readonly string[]) {
    const opened = openApi();
    opened.bench.http.answer = () => ({ body: skus.join('\n') });
    const runId = await submitted(opened);
    await drive(opened.bench);
    return { opened, runId };
  }

  it('sends every row in order, however many pages they fill', async () => {
    const skus = Array.from({ length: 450 }, (_, at) => `s${at}`);
    const { opened, runId } = await finished(skus);
    const all = await itemsOf(opened, { runId });
    expect(all.skus).toEqual(skus);
    const rest = await itemsOf(opened, { runId, afterSeq: all.seqs[446]! });
    expect(rest.skus).toEqual(['s447', 's448', 's449']);
  });

  it('sends rows of one type', async () => {
    const { opened, runId } = await finished(['a', '#b', 'c']);
    expect((await itemsOf(opened, { runId, type: 'note' })).skus).toEqual(['#b']);
    expect((await itemsOf(opened, { runId, type: 'nosuch' })).skus).toEqual([]);
  });

  it('keeps messages of large rows small', async () => {
    const large = 'x'.repeat(600_000);
    const { opened, runId } = await finished([`${large}1`, `${large}2`, `${large}3`, 'small']);
    const sizes: number[] = [];
    const request = { runId, afterSeq: 0, type: '', follow: false, withReplaced: false };
    const stream = opened.api.listItems(request, call()) as AsyncIterable<{ items: unknown[] }>;
    for await (const { items } of stream) sizes.push(items.length);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('ends after what there is now, or with follow after the run is closed', async () => {
    const opened = openApi();
    let pages = 0;
    opened.bench.http.answer = () => ({ body: `p${pages++}` });
    const runId = await submitted(opened, { input: json({ pages: 3 }) });
    expect((await itemsOf(opened, { runId })).skus).toEqual([]);
    const following = itemsOf(opened, { runId, follow: true });
    await drive(opened.bench);
    expect((await following).skus).toEqual(['p0', 'p1', 'p2']);
  });

  it('reads no further than its reader does', async () => {
    const { opened, runId } = await finished(Array.from({ length: 450 }, (_, at) => `s${at}`));
    const read = vi.spyOn(opened.bench.store, 'readItems');
    const request = { runId, afterSeq: 0, type: '', follow: false, withReplaced: false };
    const stream = (opened.api.listItems(request, call()) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    await stream.next();
    expect(read).toHaveBeenCalledTimes(1);
    await stream.return?.(undefined);
  });

  it.each([true, false])('ends when it is told to (before a page is read: %s)', async (waiting) => {
    const { opened, runId } = await finished(Array.from({ length: 250 }, (_, at) => `s${at}`));
    const open = await submitted(opened);
    const stop = new AbortController();
    const request = { runId: waiting ? open : runId, afterSeq: 0, type: '', follow: true, withReplaced: false };
    const stream = (opened.api.listItems(request, call(stop.signal)) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (!waiting) await stream.next();
    const next = stream.next();
    stop.abort(draining);
    const error = await next
      .then(() => stream.next())
      .then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
    expect(error === draining || error?.name === 'AbortError').toBe(true);
  });

  it('says at the end of a run when rows that were sent do not count any more', async () => {
    const { opened, runId } = await finished(['a', 'b']);
    vi.spyOn(opened.bench.store, 'hasWithdrawnItems').mockResolvedValue(true);
    await expect(itemsOf(opened, { runId, afterSeq: 1 })).rejects.toMatchObject({ code: 'api.items_withdrawn' });
    // Who begins anew on the closed run sees only what stays, and is never sent back again.
    expect((await itemsOf(opened, { runId })).skus).toEqual(['a', 'b']);
  });

  it('refuses what cannot be', async () => {
    const opened = openApi([shop]);
    const runId = await submitted(opened);
    const code = async (request: Partial<ListItemsRequest>) =>
      itemsOf(opened, request).catch(({ code, data }: CatenaError) => [code, data.field]);
    expect(await code({ runId: 'nosuch' })).toEqual(['api.unknown_run', undefined]);
    expect(await code({ runId, afterSeq: -1 })).toEqual(['api.invalid_argument', 'after_seq']);
    expect(await code({ runId, type: 't'.repeat(201) })).toEqual(['api.invalid_argument', 'type']);
  });
});
