/** A command line that can be copied into a shell, for a remedy or a hint. */
export function commandText(invocation: string, args: readonly string[]): string {
  return [invocation, ...args.map(shellWord)].join(' ');
}

/** A word, quoted for a POSIX shell. */
function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
