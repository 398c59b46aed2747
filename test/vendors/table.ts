/** All rows. */
import { ANTHROPIC } from './anthropic.ts';
import { ARK } from './ark.ts';
import type { Behaviour } from './behaviour.ts';
import { DASHSCOPE } from './dashscope.ts';
import { DEEPSEEK } from './deepseek.ts';
import { GATEWAYS } from './gateways.ts';
import { GOOGLE } from './google.ts';
import { MOONSHOT } from './moonshot.ts';
import { OPENAI } from './openai.ts';
import { PERPLEXITY } from './perplexity.ts';
import { ZHIPU } from './zhipu.ts';

export const BEHAVIOURS: readonly Behaviour[] = [
  ...ARK,
  ...DASHSCOPE,
  ...DEEPSEEK,
  ...ZHIPU,
  ...MOONSHOT,
  ...OPENAI,
  ...ANTHROPIC,
  ...GOOGLE,
  ...PERPLEXITY,
  ...GATEWAYS,
];
