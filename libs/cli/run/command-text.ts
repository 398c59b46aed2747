/** Command lines that can be copied into a shell. */

/** The same command, to be given again: without `--fresh`, which would begin anew, and without the token, a secret. */
export function sameCommand(invocation: string, args: readonly string[]): string {
  const kept = args.filter((arg) => arg !== '--fresh');
  return commandText(
    invocation,
    kept.map((arg, at) => (kept[at - 1] === '--token' ? 'TOKEN' : arg.replace(/^--token=.*$/, '--token=TOKEN'))),
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
