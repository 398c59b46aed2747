import { decodeHop } from '../../calls/node-body.ts';
import type { ModuleFacts } from '../../calls/served-module.ts';
import type { ParsedPage } from '../engine.ts';
import { outputError } from '../output/output-error.ts';
import { writePage } from './page-file.ts';

export interface RecorderOptions {
  readonly folder: string;
  readonly module: ModuleFacts;
  readonly input: unknown;
  readonly account: string;
  readonly platform: string;
  /** Called with the error that ended the recording; the parse continues. */
  readonly onFailure: (error: Error) => void;
}

/** Records every page that a run parses, with what its step yielded, for `catena test`. */
export class FolderRecorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  async record({ stepIdx, state, page, yielded }: ParsedPage): Promise<void> {
    const { folder, module, input, account, platform, onFailure } = this.#options;
    const { url, status, headers, body } = page;
    const tooManyHops = (yielded.staged ?? 0) > 0;
    const stepName = (idx: number): string => module.steps[idx]?.name ?? `step ${idx}`;
    const hops = yielded.children.map((seed) => ({ step: stepName(seed.stepIdx), state: decodeHop(seed.body).state }));
    const record = {
      version: 1 as const,
      module: module.id,
      step: stepName(stepIdx),
      input,
      state,
      account,
      platform,
      page: { url, status, headers },
      items: yielded.items.map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown })),
      ...(tooManyHops ? {} : { hops }),
    };
    try {
      await writePage(folder, record, body);
    } catch (thrown) {
      onFailure(outputError(folder, thrown));
    }
  }
}
