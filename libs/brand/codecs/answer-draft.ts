/** An answer under construction: codecs add the content of a body or an event. */
import { textAt } from './json-path.ts';
import type { CitedSource, Finish, ModelAnswer, Usage } from './model-call.ts';

export interface ProviderProblem {
  readonly code: string;
  readonly message: string;
}

export class AnswerDraft {
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #sources = new Map<string, CitedSource>();
  #usage: Usage | null = null;
  #finish: Finish | null = null;
  #model = '';
  #problem: ProviderProblem | undefined;
  #hasContent = false;

  addText(text: string): void {
    if (text !== '') this.#text.push(text);
  }

  addReasoning(text: string): void {
    if (text !== '') this.#reasoning.push(text);
  }

  /** Adds a source given as a URL or as an object with a URL; anything else is not one. */
  addSource(source: unknown, urlField = 'url'): void {
    const url = typeof source === 'string' ? source : textAt(source, urlField);
    const title = textAt(source, 'title');
    if (/^https?:\/\//i.test(url) && (this.#sources.get(url)?.title ?? '') === '') {
      this.#sources.set(url, { url, ...(title === '' ? {} : { title }) });
    }
  }

  /** The latest count of each kind replaces earlier ones. */
  setUsage(inputTokens: number | undefined, outputTokens: number | undefined): void {
    if (inputTokens === undefined && outputTokens === undefined) return;
    this.#usage = {
      inputTokens: inputTokens ?? this.#usage?.inputTokens ?? 0,
      outputTokens: outputTokens ?? this.#usage?.outputTokens ?? 0,
    };
  }

  setModel(model: string): void {
    if (model !== '') this.#model = model;
  }

  /** Maps a provider's finish reason; the reasons of all formats are in one table. */
  setFinish(word: string): void {
    if (word === '' || word === 'null') return;
    this.#finish = FINISH.get(word) ?? 'other';
  }

  setProblem(code: string, message: string): void {
    this.#problem ??= { code, message };
  }

  /** Records that the body or an event had the shape of an answer, even of an empty one. */
  recognise(): void {
    this.#hasContent = true;
  }

  get problem(): ProviderProblem | undefined {
    return this.#problem;
  }

  get hasText(): boolean {
    return this.#text.length > 0;
  }

  get isRecognised(): boolean {
    return this.#hasContent;
  }

  /** The answer so far. */
  answer(): ModelAnswer {
    return {
      text: this.#text.join(''),
      reasoning: this.#reasoning.join(''),
      sources: [...this.#sources.values()],
      usage: this.#usage,
      finish: this.#finish,
      model: this.#model,
      partial: this.#finish === null || this.#finish === 'length',
    };
  }
}

const FINISH: ReadonlyMap<string, Finish> = new Map([
  ['stop', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['completed', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['content_filter', 'filter'],
  ['sensitive', 'filter'],
  ['refusal', 'filter'],
]);
