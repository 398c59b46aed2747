/** Command lines that can be copied into a shell. */

/** The same command, to be given again: without `--fresh`, which would begin anew. */
export function sameCommand(invocation: string, args: readonly string[]): string {
  return commandText(
    invocation,
    args.filter((arg) => arg !== '--fresh'),
  );
}

export function commandText(invocation: string, args: readonly string[]): string {
  return [invocation, ...args.map(shellWord)].join(' ');
}

/** A word as a POSIX shell reads it back. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
