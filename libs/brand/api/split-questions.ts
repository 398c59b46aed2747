/** The end of a question: its mark, with further marks and closing quotes or brackets after it. */
const ENDS = /[?？][?？!！]*["'”’」』)）\]】]*/g;

/**
 * The questions in a text that a user typed into one field: one per line, and within a line one per question mark. A mark
 * within a word, as in an address, does not end a question.
 */
export function splitQuestions(text: string): string[] {
  return text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .flatMap(splitLine)
    .map((question) => question.trim())
    .filter((question) => question !== '');
}

function splitLine(line: string): string[] {
  const questions: string[] = [];
  let start = 0;
  for (const { 0: marks, index } of line.matchAll(ENDS)) {
    const end = index + marks.length;
    if (!endsHere(marks, line.slice(end, end + 1))) continue;
    questions.push(line.slice(start, end));
    start = end;
  }
  return [...questions, line.slice(start)];
}

function endsHere(marks: string, next: string): boolean {
  return marks.includes('？') || !/^[\x21-\x7e]$/.test(next);
}
