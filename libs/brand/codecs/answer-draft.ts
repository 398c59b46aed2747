/** An answer under construction: codecs add the content of a body or an event. */
import { textAt } from './json-path.ts';
import type { CitedSource, Finish, FoundPage, ModelAnswer, Usage } from './model-call.ts';

export interface ProviderProblem {
  readonly code: string;
  readonly message: string;
}

export class AnswerDraft {
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #sources = new Map<string, CitedSource>();
  readonly #retrieved = new Map<string, FoundPage>();
  readonly #queries = new Set<string>();
  #usage: Usage | null = null;
  #finish: Finish | null = null;
  #finishWord = '';
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
    const page = pageOf(source, urlField);
    if (page !== undefined && (this.#sources.get(page.url)?.title ?? '') === '') this.#sources.set(page.url, page);
  }

  /** Adds a page that the provider's search returned. */
  addRetrieved(source: unknown, urlField = 'url'): void {
    const page = pageOf(source, urlField);
    if (page !== undefined && !this.#retrieved.has(page.url)) this.#retrieved.set(page.url, page);
  }

  addQuery(query: string): void {
    if (query.trim() !== '') this.#queries.add(query.trim());
  }

  /** The latest count of each kind replaces earlier ones. */
  setUsage(counts: { readonly [Kind in keyof Usage]?: number | undefined }): void {
    if (Object.values(counts).every((count) => count === undefined)) return;
    const known = this.#usage;
    const latest = (kind: keyof Usage): number | null => counts[kind] ?? known?.[kind] ?? null;
    this.#usage = {
      inputTokens: latest('inputTokens'),
      outputTokens: latest('outputTokens'),
      reasoningTokens: latest('reasoningTokens'),
      cachedTokens: latest('cachedTokens'),
      searchCalls: latest('searchCalls'),
    };
  }

  setModel(model: string): void {
    if (model !== '') this.#model = model;
  }

  /** Maps a provider's finish reason; the reasons of all formats are in one table. */
  setFinish(word: string): void {
    if (word === '' || word === 'null') return;
    this.#finishWord = word;
    this.#finish = FINISH.get(word) ?? 'unknown';
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

  /** The answer so far; `unfinished` is how it ended if no finish word has come. */
  answer(unfinished: Finish = 'cut_off'): ModelAnswer {
    return {
      text: this.#text.join(''),
      reasoning: this.#reasoning.join(''),
      sources: [...this.#sources.values()],
      retrieved: [...this.#retrieved.values()].filter(({ url }) => !this.#sources.has(url)),
      queries: [...this.#queries],
      usage: this.#usage,
      finish: this.#finish ?? unfinished,
      finishWord: this.#finishWord,
      model: this.#model,
    };
  }
}

function pageOf(source: unknown, urlField: string): FoundPage | undefined {
  const url = typeof source === 'string' ? source : textAt(source, urlField);
  const title = textAt(source, 'title');
  if (!/^https?:\/\//i.test(url)) return undefined;
  return { url, ...(title === '' ? {} : { title }) };
}

const FINISH: ReadonlyMap<string, Finish> = new Map([
  ['stop', 'whole'],
  ['end_turn', 'whole'],
  ['stop_sequence', 'whole'],
  ['completed', 'whole'],
  ['length', 'cut_off'],
  ['max_tokens', 'cut_off'],
  ['max_output_tokens', 'cut_off'],
  ['model_context_window_exceeded', 'cut_off'],
  ['content_filter', 'filtered'],
  ['sensitive', 'filtered'],
  ['refusal', 'refused'],
]);
