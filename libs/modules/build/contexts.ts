/**
 * The arguments of an author's functions. Values that exist are fields; values that must be computed from the page are getters:
 * destructuring `{ $, go }` parses the page, destructuring `{ json, put }` does not.
 */
import type { CheerioAPI } from 'cheerio/slim';
import type {
  AuthorLog,
  ComputeCall,
  GivenUp,
  GivenUpCall,
  JoinedFailure,
  JoinedItem,
  JoinedPartial,
  Page,
  StepCall,
} from '../contract/definition.ts';
import type { Builders } from './builders.ts';

/** For `start` and `request`. */
export class CallScope {
  readonly input: unknown;
  readonly state: unknown;
  readonly account: string;
  readonly platform: string;
  readonly runId: string;
  readonly acceptedAtMs: number | undefined;
  readonly deadlineAtMs: number | undefined;
  readonly signal: AbortSignal;
  readonly log: AuthorLog;

  constructor(call: StepCall) {
    this.input = call.input;
    this.state = call.state;
    this.account = call.account;
    this.platform = call.platform;
    this.runId = call.runId;
    this.acceptedAtMs = call.acceptedAtMs;
    this.deadlineAtMs = call.deadlineAtMs;
    this.signal = call.signal;
    this.log = call.log;
  }
}

/** For `start`; its `put`, `drop` and `retry` are not in the author's types, and there is no page to retry. */
export class StartScope extends CallScope {
  readonly go: Builders['go'];

  constructor(call: StepCall, builders: Builders) {
    super(call);
    this.go = builders.go;
  }
}

class EmittingScope extends CallScope {
  readonly go: Builders['go'];
  readonly put: Builders['put'];
  readonly drop: Builders['drop'];
  readonly retry: Builders['retry'];

  constructor(call: StepCall, builders: Builders) {
    super(call);
    this.go = builders.go;
    this.put = builders.put;
    this.drop = builders.drop;
    this.retry = builders.retry;
  }
}

export class ParseScope extends EmittingScope {
  readonly charge: Builders['charge'];
  readonly page: Page;
  readonly url: string;
  readonly status: number;

  constructor(call: StepCall, builders: Builders, page: Page) {
    super(call, builders);
    this.charge = builders.charge;
    this.page = page;
    this.url = page.url;
    this.status = page.status;
  }

  get $(): CheerioAPI {
    return this.page.$;
  }

  get bytes(): Uint8Array {
    return this.page.bytes;
  }

  get text(): string {
    return this.page.text;
  }

  get json(): unknown {
    return this.page.json;
  }

  // Functions of the page that are their own, so that authors may take them apart: `{ extract, links }`.

  get extract(): Page['extract'] {
    return (fields) => this.page.extract(fields);
  }

  get links(): Page['links'] {
    return (options) => this.page.links(options);
  }

  get form(): Page['form'] {
    return (selector, options) => this.page.form(selector, options);
  }

  get sitemap(): Page['sitemap'] {
    return () => this.page.sitemap();
  }

  get resolve(): Page['resolve'] {
    return (text) => this.page.resolve(text);
  }

  get number(): Page['number'] {
    return (text, locale) => this.page.number(text, locale);
  }
}

export class GivenUpScope extends EmittingScope {
  readonly charge: Builders['charge'];
  readonly error: GivenUp;

  constructor(call: GivenUpCall, builders: Builders) {
    super(call, builders);
    this.charge = builders.charge;
    this.error = call.error;
  }
}

export class ComputeScope extends EmittingScope {
  readonly fail: Builders['fail'];
  readonly items: (type?: string) => AsyncIterable<unknown>;
  readonly failures: () => AsyncIterable<JoinedFailure>;
  readonly revision: number;
  readonly isEarly: boolean;
  readonly partials: () => AsyncIterable<JoinedPartial>;

  constructor(call: ComputeCall, builders: Builders) {
    super(call, builders);
    this.fail = builders.fail;
    this.items = (type) => (type === undefined ? call.items() : dataOfItems(call.items(type)));
    this.failures = () => call.failures();
    this.revision = call.revision;
    this.isEarly = call.isEarly;
    this.partials = () => call.partials();
  }
}

/** For one type only its data is returned; for all types each row has its type. */
async function* dataOfItems(items: AsyncIterable<JoinedItem>): AsyncGenerator<unknown, void> {
  for await (const { data } of items) yield data;
}
