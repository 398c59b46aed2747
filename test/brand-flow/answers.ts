/** Made-up answers of models, in the shape that real ones have: a lead, a numbered list with reasons, a closing, links. */
import type { Random } from './random.ts';

export const BRANDS = ['海澜鞋业', '云步', '山脊运动', 'Strider'] as const;

export const QUESTIONS = [
  '预算五百元以内，有哪些值得推荐的跑鞋品牌？',
  '新手跑步应该买哪个牌子的跑鞋，为什么？',
  '海澜鞋业的跑鞋质量怎么样？',
] as const;

const REASONS = ['缓震出色，口碑很好', '价格实惠，耐磨可靠', '做工扎实，脚感舒适', '鞋面偏硬，性价比一般'];
const PAGES = [
  'https://www.runshoes-review.com/2026/best',
  'https://zhuanlan.zhihu.com/p/10086',
  'https://www.smzdm.com/p/20261',
];

/** One answer to a question, which names three of the brands. */
export function makeAnswer(question: string, random: Random, brands: readonly string[] = BRANDS): string {
  const named = random.shuffled(brands).slice(0, 3);
  const lines = named.map((brand, index) => `${index + 1}. **${brand}**：${random.shuffled(REASONS)[0]}。`);
  const page = random.shuffled(PAGES)[0] ?? '';
  return [
    `关于“${question}”，可以从缓震、耐磨和价格三个方面来看，下面按推荐程度排列：`,
    ...lines,
    `综合来看，首先推荐${named[0]}，购买前最好到店试穿，并留意尺码是否偏小。`,
    `更多评测见 ${page} 。`,
  ].join('\n\n');
}
