import { CatenaError } from '../errors/catena-error.ts';

const MAX_CAUSES = 5;

/** An error as fields of a log line: enough to act on, with the stack for errors without a code. */
export function errorFields(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  return { ...describe(thrown), ...causesOf(thrown) };
}

function describe(error: Error): Record<string, unknown> {
  if (error instanceof CatenaError) {
    const { code, class: failureClass, message, remedy, data } = error;
    const hasData = Object.keys(data).length > 0;
    return {
      code,
      class: failureClass,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(hasData ? { data } : {}),
    };
  }
  return { code: (error as { code?: unknown }).code ?? error.name, message: error.message, stack: error.stack };
}

function causesOf(error: Error): { causes?: readonly object[] } {
  const causes: object[] = [];
  let link: unknown = error.cause;
  while (link instanceof Error && causes.length < MAX_CAUSES) {
    causes.push(describe(link));
    link = link.cause;
  }
  return causes.length === 0 ? {} : { causes };
}
