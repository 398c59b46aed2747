import { Fifo } from '../../../concurrency/fifo.ts';

/** Values that one side pushes and the other iterates, once. */
export interface PushStream<Value> extends AsyncIterable<Value> {
  /** Ignored after the end. */
  push(value: Value): void;
  /** Values that were pushed before are still iterated. */
  end(): void;
}

export function pushStream<Value>(): PushStream<Value> {
  const values = new Fifo<Value>();
  let isEnded = false;
  let wake: (() => void) | undefined;
  return {
    push(value) {
      if (isEnded) return;
      values.push(value);
      wake?.();
    },
    end() {
      isEnded = true;
      wake?.();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (values.size > 0) yield values.shift() as Value;
        if (isEnded) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
