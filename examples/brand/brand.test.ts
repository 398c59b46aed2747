import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inputOf } from '../../libs/brand/commands/options.ts';
import { readPromptSet } from '../../libs/brand/commands/prompt-sets.ts';
import { brandsOf, diagnosisInput } from '../../libs/brand/module/input.ts';
import { isBranded } from '../../libs/brand/module/plan.ts';
import { readRegistry } from '../../libs/brand/module/provider-registry.ts';

const file = (name: string): string => join(import.meta.dirname, name);
const OPTIONS = { deadline: '60s', output: 'brand-report', account: 'default', platform: 'default' };

describe('the example of a diagnosis', () => {
  const { names } = readRegistry(file('providers.yaml'));
  const base = parse(readFileSync(file('brands.yaml'), 'utf8')) as Record<string, unknown>;

  it('names four models, each with its key by reference', () => {
    expect(names).toEqual(['deepseek', 'qwen', 'zhipu', 'doubao']);
  });

  it.each(['running-shoes', '跑鞋'])('is an input of the module with the prompt set %s', async (name) => {
    const set = await readPromptSet(file('prompt-sets.yaml'), name);
    const input = diagnosisInput.parse(inputOf({ ...OPTIONS, model: [...names] }, base, set));
    expect(brandsOf(input).map((brand) => brand.name)).toEqual(['海澜鞋业', '云步', '山脊运动', 'Strider']);
    expect(input).toMatchObject({ repeats: 3, models: names });
    expect(input.questions.filter((question) => isBranded(question, input))).toEqual([]);
  });
});
