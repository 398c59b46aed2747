import type { Progress } from './progress.ts';
import type { Reporter } from './reporter.ts';

/** Reads and shows a run's progress until it is ended. A reading that fails is left out: the run goes on. */
export function watchProgress(reporter: Reporter, read: () => Promise<Progress>): { end(): Promise<void> } {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();
  const schedule = (): void => {
    timer = setTimeout(() => {
      reading = look();
    }, reporter.intervalMs);
  };
  const look = async (): Promise<void> => {
    const progress = await read().catch(() => undefined);
    if (isOver) return;
    if (progress !== undefined) reporter.show(progress);
    schedule();
  };
  schedule();
  return {
    end: async () => {
      isOver = true;
      clearTimeout(timer);
      await reading;
      reporter.end();
    },
  };
}
