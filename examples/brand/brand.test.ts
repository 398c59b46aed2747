import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searches } from '../../libs/brand/codecs/provider.ts';
import { VENDOR_NAMES, vendorNameOf } from '../../libs/brand/codecs/vendors/vendors.ts';
import { inputOf } from '../../libs/brand/commands/options.ts';
import { readPromptSet } from '../../libs/brand/commands/prompt-sets.ts';
import { brandsOf, diagnosisInput } from '../../libs/brand/module/input.ts';
import { isBranded } from '../../libs/brand/module/plan.ts';
import { readRegistry } from '../../libs/brand/module/provider-registry.ts';

const file = (name: string): string => join(import.meta.dirname, name);
const OPTIONS = { deadline: '60s', output: 'brand-report', account: 'default', platform: 'default' };

describe('the example of a diagnosis', () => {
  const registry = readRegistry(file('providers.yaml'));
  const { names } = registry;
  const base = parse(readFileSync(file('brands.yaml'), 'utf8')) as Record<string, unknown>;

  it('has a model of each vendor, with its search where it has one, and each with its key by reference', () => {
    const providers = names.map((name) => registry.find(name));
    const known = VENDOR_NAMES.filter((name) => name !== 'other');
    expect(new Set(providers.map((provider) => vendorNameOf(provider)))).toEqual(new Set(known));
    const searching = new Set(
      providers.filter((provider) => searches(provider)).map((provider) => vendorNameOf(provider)),
    );
    expect(searching).toEqual(new Set(known.filter((name) => name !== 'deepseek')));
    for (const { keyReference } of providers) expect(keyReference).toMatch(/_API_KEY$/);
  });

  it('has prices with the day on which they held and the page that had them', () => {
    for (const name of names) {
      const { pricePerMillionTokens, pricesAsOf, pricesSource } = registry.find(name);
      expect(pricesAsOf === undefined, name).toBe(pricePerMillionTokens === undefined);
      expect(pricesSource === undefined, name).toBe(pricePerMillionTokens === undefined);
    }
  });

  it.each(['running-shoes', '跑鞋'])('is an input of the module with the prompt set %s', async (name) => {
    const set = await readPromptSet(file('prompt-sets.yaml'), name);
    const input = diagnosisInput.parse(await inputOf({ ...OPTIONS, model: [...names] }, base, set));
    expect(brandsOf(input).map((brand) => brand.name)).toEqual(['海澜鞋业', '云步', '山脊运动', 'Strider']);
    expect(input).toMatchObject({ repeats: 3, models: names });
    expect(input.questions.filter((question) => isBranded(question, input))).toEqual([]);
  });
});
