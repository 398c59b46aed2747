/**
 * A generator whose every step runs inside `run`: a context that a wrapper sets during a call (a trace, a deadline) then
 * applies to the generator's body, and nowhere else.
 */
export async function* drivenWithin<Message, Result>(
  run: <Value>(work: () => Value) => Value,
  source: AsyncGenerator<Message, Result, undefined>,
): AsyncGenerator<Message, Result, undefined> {
  let isOver = false;
  try {
    for (;;) {
      const step = await run(() => source.next());
      if (step.done === true) {
        isOver = true;
        return step.value;
      }
      yield step.value;
    }
  } finally {
    if (!isOver) await run(() => source.return(undefined as Result));
  }
}
