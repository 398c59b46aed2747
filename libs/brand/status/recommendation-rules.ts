/** The rules for recommendations, the most urgent first. */
export const RECOMMENDATION_RULES = [
  'low_coverage',
  'too_few_answers',
  'not_visible',
  'behind_rival',
  'intercepted',
  'negative_sentiment',
  'absent_from_sources',
  'invisible_to_model',
  'own_pages_not_cited',
  'low_rank',
  'negative_sources',
] as const;

export type RecommendationRule = (typeof RECOMMENDATION_RULES)[number];
