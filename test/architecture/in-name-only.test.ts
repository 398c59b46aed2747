import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTING_KEYS } from '../../libs/config/settings.ts';
import { EVENTS } from '../../libs/contracts/events.ts';
import { unreadSettings, unusedFields } from './in-name-only.ts';
import { isProduct, readSourceTree, sourceFile } from './source-tree.ts';

const files = readSourceTree(join(import.meta.dirname, '../..'));

describe('settings', () => {
  it('are each read by code outside of the configuration', () => {
    expect(unreadSettings(files, SETTING_KEYS)).toEqual([]);
  });

  it('that nobody reads are found: in comments, in tests and in the configuration they are not read', () => {
    const made = [
      sourceFile('libs/a/a.ts', '// config.otel.sampleRatio\nconst { endpoint } = config.otel;'),
      sourceFile('libs/a/a.test.ts', 'config.otel.sampleRatio'),
      sourceFile('libs/config/b.ts', 'config.otel.sampleRatio'),
    ];
    expect(unreadSettings(made, ['otel.endpoint', 'otel.sample_ratio'])).toEqual(['otel.sample_ratio']);
  });
});

describe('fields of messages', () => {
  it('are each filled or read by somebody', () => {
    expect(unusedFields(files)).toEqual([]);
  });

  it('that nobody names are found, and values of enums are no fields', () => {
    const made = [
      sourceFile(
        'proto/catena/v1/a.proto',
        'message A {\n  string run_id = 1;\n  repeated b.C old_names = 2;\n  map<string, string> more = 3 [deprecated = true];\n}\nenum E {\n  NONE = 0;\n}',
      ),
      sourceFile('libs/a/a.ts', 'model.runId; model.more;'),
    ];
    expect(unusedFields(made)).toEqual(['proto/catena/v1/a.proto: old_names']);
  });
});

describe('events', () => {
  it('are each published by somebody, in the coordinator or beside it', () => {
    const words = new Set(
      files
        .filter(isProduct)
        .flatMap(({ tokens, path }) => (path === 'libs/contracts/events.ts' ? [] : tokens.map(({ text }) => text))),
    );
    const lua = files
      .filter(({ path }) => path.endsWith('.lua'))
      .map(({ text }) => text)
      .join('\n');
    const unpublished = Object.keys(EVENTS).filter((type) => !words.has(type) && !lua.includes(type));
    expect(unpublished).toEqual([]);
  });
});
