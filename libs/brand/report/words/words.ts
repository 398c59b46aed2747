/** What a report says, in the language of its run. */
type FigureText = Readonly<Record<FigureWord, string>>;

/** Figures that a report names. */
export type FigureWord =
  | 'mentionRate'
  | 'firstMentionRate'
  | 'top3Rate'
  | 'averageRank'
  | 'recommendationRate'
  | 'shareOfVoice'
  | 'sentiment'
  | 'positive'
  | 'neutral'
  | 'negative'
  | 'interception'
  | 'citationRate';

export interface Words {
  /** Of the page, for readers and screen readers. */
  readonly lang: string;
  /** Between the parts of a list. */
  readonly comma: string;
  readonly title: string;
  readonly against: (rivals: string) => string;
  readonly figure: FigureText;
  /** What each figure counts. */
  readonly meaning: Partial<FigureText>;
  readonly score: string;
  readonly scoreMeaning: string;
  readonly coverage: string;
  readonly cost: string;
  readonly costMeaning: string;
  readonly answers: (answered: number, calls: number) => string;
  /** How many of the calls were answered in full. */
  readonly wholeOf: (whole: number, calls: number) => string;
  readonly wholeAnswers: string;
  /** Of a page: how many answers cite or link it. */
  readonly citingAnswers: string;
  readonly allThin: string;
  readonly thin: string;
  readonly thinMeaning: string;
  readonly interval: string;
  readonly brand: string;
  readonly model: string;
  readonly question: string;
  readonly overall: string;
  readonly value: string;
  readonly absent: string;
  /** Of an answer that was cut off before it named the brand. */
  readonly notHeard: string;
  /** Between two sentences. */
  readonly space: string;
  readonly place: string;
  readonly doFirst: string;
  readonly nothingToDo: string;
  readonly banner: (coverage: CoverageCounts) => string;
  /** In its place while calls are under way, and where a run ended before its final report. */
  readonly preliminary: (coverage: CoverageCounts) => string;
  readonly endedBefore: (coverage: CoverageCounts) => string;
  readonly named: (brand: string, value: string, answers: number) => string;
  readonly standing: {
    readonly known: (place: number, brands: number) => string;
    readonly open: (best: number, worst: number, brands: number) => string;
    readonly none: string;
  };
  readonly sureness: { readonly thin: string; readonly interval: (value: string) => string };
  readonly standings: string;
  readonly standingsNote: string;
  readonly discovered: string;
  readonly discoveredNote: string;
  /** Names of brands that are ordinary words, without contexts. */
  readonly ordinary: (names: string) => string;
  readonly unheardCount: (count: number) => string;
  readonly api: string;
  /** What two halves of a repeated run differ by. */
  readonly noise: (brand: string, points: string) => string;
  readonly atMost: (amount: string) => string;
  readonly noAnswer: string;
  readonly nothing: string;
  readonly section: Readonly<Record<SectionName, string>>;
  readonly note: Readonly<Record<NoteName, string>>;
  readonly bare: string;
  readonly branded: string;
  readonly status: Readonly<Record<'whole' | 'partial' | 'failed' | 'pending', string>>;
  /** Of an answer that has begun and goes on. */
  readonly soFar: string;
  readonly error: Readonly<Record<string, string>>;
  readonly errorType: string;
  readonly errorMessage: string;
  readonly count: string;
  readonly ownership: Readonly<Record<'owned' | 'rival' | 'third_party', string>>;
  readonly category: Readonly<Record<string, string>>;
  readonly site: string;
  readonly categoryTitle: string;
  readonly owner: string;
  readonly citedBy: string;
  readonly page: string;
  readonly pageNames: string;
  readonly unread: string;
  readonly recommends: string;
  readonly asked: Readonly<Record<AskedName, string>>;
  /** What was to be expected of the calls: how many, how many at once, how long at least, and the time there was. */
  readonly plan: (calls: number, atOnce: number, atLeast: string, available: string) => string;
  readonly tooLong: string;
  readonly rank: (rank: number) => string;
  readonly repeat: (repeat: number) => string;
  readonly sources: string;
  readonly evidence: string;
  readonly run: string;
  readonly difference: string;
  readonly withinNoise: string;
  readonly beyondNoise: string;
  readonly unclear: string;
  readonly cut: (shown: number, all: number) => string;
}

export type SectionName =
  | 'visibility'
  | 'ranks'
  | 'voice'
  | 'sentiment'
  | 'interception'
  | 'sources'
  | 'branded'
  | 'missing'
  | 'history'
  | 'asked'
  | 'answers';

export type NoteName =
  | 'visibility'
  | 'ranksByModel'
  | 'ranksByQuestion'
  | 'voice'
  | 'sentiment'
  | 'interception'
  | 'noInterception'
  | 'noInterceptionHeard'
  | 'sources'
  | 'noSources'
  | 'branded'
  | 'noBare'
  | 'nothingMissing'
  | 'missing'
  | 'history'
  | 'historyAlone'
  | 'answers'
  | 'failed'
  | 'nothingYet';

type CoverageCounts = Readonly<Record<'whole' | 'partial' | 'failed' | 'pending' | 'calls', number>>;

export type AskedName =
  | 'run'
  | 'time'
  | 'elapsed'
  | 'models'
  | 'questions'
  | 'repeats'
  | 'prompt'
  | 'rivals'
  | 'calls'
  | 'tokens'
  | 'plan'
  | 'cached';
