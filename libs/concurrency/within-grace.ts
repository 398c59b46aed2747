/** Resolves when the work has ended, or the time is over; rejects when the work does so in time. */
export async function withinGrace(work: Promise<unknown>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
