/** The command lines of the benchmarks: whole numbers, switches and lists, and a usage that says what there is. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

export class WrongOption extends Error {
  override readonly name = 'WrongOption';
}

/** A whole number of at least `least`; throws {@link WrongOption}. */
export function whole(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new WrongOption(`--${name} is "${text}": give a whole number, at least ${least}`);
}

/** The names in a list with commas, each of which must be known; throws {@link WrongOption}. */
export function namesIn<Name extends string>(name: string, text: string, known: readonly Name[]): Name[] {
  return text.split(',').map((part) => {
    const found = known.find((each) => each === part.trim());
    if (found === undefined) throw new WrongOption(`--${name} has "${part}": there are ${known.join(', ')}`);
    return found;
  });
}

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; strict: true }>
>['values'];

/**
 * Reads the command line and runs the command. `--help` prints the usage; a wrong option prints it too and ends with
 * code 2; a command that answers false, or throws, ends with code 1.
 */
export async function runCommand<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  command: (values: Values<Options>) => Promise<boolean>,
): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(usage);
    return;
  }
  try {
    const { values } = parseArgs<{ options: Options; strict: true }>({ options, strict: true });
    process.exitCode = (await command(values)) ? 0 : 1;
  } catch (error) {
    const wrong = error instanceof WrongOption || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(wrong ? `${(error as Error).message}\n\n${usage}` : error);
    process.exitCode = wrong ? 2 : 1;
  }
}
