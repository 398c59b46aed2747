import type { PageSource } from '../../libs/modules/contract/definition.ts';
import type { Yield } from '../../libs/stage/execution/yield.ts';

/** A page with what a step made of it. */
export interface RecordedParse {
  readonly moduleId: string;
  readonly nodeId: string;
  readonly stepIdx: number;
  readonly input: unknown;
  readonly state: unknown;
  readonly page: PageSource;
  readonly yielded: Pick<Yield, 'items' | 'children'>;
}

/** Keeps parses for offline tests. */
export interface PageRecorder {
  record(parse: RecordedParse): Promise<void>;
}
