/** An answer under construction: codecs add the content of a body or an event. */
import { textAt } from './json-path.ts';
import type { CitedSource, Finish, FoundPage, ModelAnswer, Span, Usage } from './model-call.ts';

/** An error in a body or an event, in the provider's words. */
export interface ProviderProblem {
  readonly code: string;
  /** A second word for the kind, where the format has one. */
  readonly type?: string;
  readonly message: string;
  /** What else tells the kind and is not for people. */
  readonly hint?: string;
  /** How long the body asks to wait, in milliseconds. */
  readonly waitMs?: number | undefined;
}

/** `[2]`, `[ref_2]`, `[^2]`, `【2】`: how texts refer to a numbered list of pages. */
const MARKER = /\[\^?(?:ref_)?(\d{1,3})\]|【(?:ref_)?(\d{1,3})】/g;

export class AnswerDraft {
  /** The parts of the message by their index, as far as a codec needs them to go on with the call. */
  readonly blocks = new Map<number, Record<string, unknown>>();
  readonly #finishWords: ReadonlyMap<string, Finish>;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #cited = new Map<string, CitedSource>();
  readonly #listed = new Map<string, FoundPage & { readonly number: number }>();
  readonly #retrieved = new Map<string, FoundPage>();
  readonly #queries = new Set<string>();
  #length = 0;
  #usage: Usage | null = null;
  #finish: Finish | null = null;
  #finishWord = '';
  #model = '';
  #problem: ProviderProblem | undefined;
  #isRecognised = false;

  constructor(finishWords: ReadonlyMap<string, Finish>) {
    this.#finishWords = finishWords;
  }

  addText(text: string): void {
    if (text === '') return;
    this.#text.push(text);
    this.#length += text.length;
  }

  addReasoning(text: string): void {
    if (text !== '') this.#reasoning.push(text);
  }

  /** Adds a cited page, with the part of the text that it supports. Anything that is no page is left out. */
  addCited(page: FoundPage | undefined, span?: Span): void {
    if (page === undefined) return;
    const before: CitedSource = this.#cited.get(page.url) ?? page;
    const { title, spans = [], ...known } = before;
    const isNew = span !== undefined && !spans.some(({ start, end }) => start === span.start && end === span.end);
    const all = isNew ? [...spans, span] : spans;
    const named = title ?? page.title;
    this.#cited.set(page.url, {
      ...known,
      ...(named === undefined ? {} : { title: named }),
      ...(all.length === 0 ? {} : { spans: all }),
    });
  }

  /** Adds a page of a numbered list to which markers in the text refer; the number is from 1. */
  addListed(page: FoundPage | undefined, number: number): void {
    if (page === undefined) return;
    const known = this.#listed.get(page.url);
    this.#listed.set(page.url, {
      ...page,
      ...known,
      ...(page.title === undefined ? {} : { title: page.title }),
      number,
    });
  }

  /** Adds a page that the provider's search returned. */
  addRetrieved(page: FoundPage | undefined): void {
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

  /** Sets how the answer ended by a finish word of the format. */
  setFinish(word: string): void {
    if (word === '' || word === 'null') return;
    this.#finishWord = word;
    this.#finish = this.#finishWords.get(word) ?? 'unknown';
  }

  /** The model declined to answer, whatever its finish word says. */
  setRefused(word: string): void {
    this.#finishWord = word;
    this.#finish = 'refused';
  }

  setProblem(problem: ProviderProblem): void {
    this.#problem ??= problem;
  }

  /** Records that the body or an event had the shape of an answer, even of an empty one. */
  recognise(): void {
    this.#isRecognised = true;
  }

  get finishWord(): string {
    return this.#finishWord;
  }

  get reasoning(): string {
    return this.#reasoning.join('');
  }

  get problem(): ProviderProblem | undefined {
    return this.#problem;
  }

  /** Characters of the text so far, in UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.#text.join('');
  }

  get isRecognised(): boolean {
    return this.#isRecognised;
  }

  /** The answer so far; `unfinished` is how it ended if no finish word has come. */
  answer(unfinished: Finish): ModelAnswer {
    const { text } = this;
    const sources = this.#sources(text);
    const isCited = new Set(sources.map(({ url }) => url));
    const found = new Map([...this.#listed.values(), ...this.#retrieved.values()].map((page) => [page.url, page]));
    return {
      text,
      reasoning: this.reasoning,
      sources,
      retrieved: [...found.values()].filter(({ url }) => !isCited.has(url)).map(pageAlone),
      queries: [...this.#queries],
      usage: this.#usage,
      finish: this.#finish ?? unfinished,
      finishWord: this.#finishWord,
      model: this.#model,
    };
  }

  #sources(text: string): CitedSource[] {
    const marks = markersIn(text);
    const listed = [...this.#listed.values()];
    const isMarked = listed.some(({ number }) => marks.has(number));
    for (const { number, ...page } of listed) {
      const spans = marks.get(number);
      if (isMarked && spans === undefined) continue;
      this.addCited(page);
      for (const span of spans ?? []) this.addCited(page, span);
    }
    return [...this.#cited.values()].map((source, index) => ({
      ...source,
      position: this.#listed.get(source.url)?.number ?? index + 1,
    }));
  }
}

function markersIn(text: string): ReadonlyMap<number, readonly Span[]> {
  const found = new Map<number, Span[]>();
  for (const { 0: mark, 1: square, 2: round, index } of text.matchAll(MARKER)) {
    const number = Number(square ?? round);
    found.set(number, [...(found.get(number) ?? []), { start: index, end: index + mark.length }]);
  }
  return found;
}

function pageAlone({ url, title, site }: FoundPage): FoundPage {
  return { url, ...(title === undefined ? {} : { title }), ...(site === undefined ? {} : { site }) };
}

/** A page given as a URL or as an object with a URL; undefined for anything else. */
export function pageOf(source: unknown, urlField = 'url'): FoundPage | undefined {
  const url = typeof source === 'string' ? source : textAt(source, urlField);
  const title = textAt(source, 'title');
  if (!/^https?:\/\//i.test(url)) return undefined;
  return { url, ...(title === '' ? {} : { title }) };
}
