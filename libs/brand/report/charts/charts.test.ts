import { load } from 'cheerio';
import { describe, expect, it } from 'vitest';
import { figureOf, rate } from '../../figures/figure.ts';
import { known } from '../../figures/observation.ts';
import { textOf } from '../html.ts';
import { divergingBar, intervalBar, stackedBar } from './interval-bar.ts';
import { runLines } from './run-lines.ts';

const drawn = (markup: Parameters<typeof textOf>[0]) => load(textOf(markup), { xml: true });

/** So many answers for and against, of all. */
const netScore = (favourable: number, against: number, all: number) =>
  figureOf(
    Array.from({ length: all }, (_, index) =>
      known({ part: index < favourable ? 1 : index < favourable + against ? -1 : 0, of: 1 }),
    ),
    'net',
  );

describe('a bar', () => {
  it('begins at zero and is as long as its value', () => {
    const rect = drawn(intervalBar(rate(3, 4), 'own'))('rect.fill');
    expect(rect.attr()).toMatchObject({ x: '0', width: '75' });
  });

  it('is not there without a value: null is no zero', () => {
    expect(drawn(intervalBar(rate(0, 0), 'own'))('rect.fill, .whisker')).toHaveLength(0);
    const zero = drawn(intervalBar(rate(0, 4), 'own'));
    expect(zero('rect.fill').attr('width')).toBe('0');
    expect(zero('.whisker')).toHaveLength(1);
  });

  it('is faint when it is thin', () => {
    expect(drawn(intervalBar(rate(3, 4), 'own'))('rect.thin')).toHaveLength(1);
    expect(drawn(intervalBar(rate(9, 12), 'own'))('rect.thin')).toHaveLength(0);
  });

  it('of a net score grows from the zero line to its side', () => {
    const side = (favourable: number, against: number) => {
      const chart = drawn(divergingBar(netScore(favourable, against, 10)));
      expect(chart('line.zero').attr('x1')).toBe('50');
      const { x, width } = chart('rect.fill').attr() ?? {};
      return [Number(x), Number(width)];
    };
    expect(side(10, 0)).toEqual([50, 50]);
    expect(side(0, 5)).toEqual([25, 25]);
    expect(side(5, 5)).toEqual([50, 0]);
  });

  it('of parts sets them side by side, and leaves out those that are nothing', () => {
    const parts = [
      { share: 0.5, tone: 'a', label: 'A' },
      { share: 0, tone: 'b', label: 'B' },
      { share: 0.25, tone: 'c', label: '<C>' },
    ];
    const chart = drawn(stackedBar(parts));
    expect(
      chart('rect.fill')
        .map((_, rect) => chart(rect).attr('x'))
        .get(),
    ).toEqual(['0', '50']);
    expect(chart('title').last().text()).toBe('<C>');
  });
});

describe('lines over runs', () => {
  const line = (...values: (readonly [number, number])[]) => ({
    ...{ brand: 'Apex', isOwn: true },
    values: values.map(([numerator, denominator]) => rate(numerator, denominator)),
  });
  const heights = (chart: ReturnType<typeof drawn>): number[] =>
    chart('circle')
      .map((_, dot) => Number(chart(dot).attr('cy')))
      .get();

  it('are drawn on the whole scale, so that little looks little', () => {
    const chart = drawn(runLines([line([50, 100], [51, 100])], 'share', 3, 'Mentioned'));
    const [first = 0, second = 0] = heights(chart);
    expect(first - second).toBeLessThan(2);
    expect(
      chart('text')
        .map((_, text) => chart(text).text())
        .get(),
    ).toEqual(['0%', '50%', '100%']);
  });

  it('have a gap where there is no value', () => {
    const chart = drawn(runLines([line([1, 2], [0, 0], [1, 2], [2, 2])], 'share', 3, 'x'));
    expect(chart('path.line').attr('d')?.match(/[ML]/g)).toEqual(['M', 'M', 'L']);
    expect(chart('circle')).toHaveLength(3);
  });

  it('have the best rank on top', () => {
    const ranks = { brand: 'Apex', isOwn: true, values: [rate(1, 1), { ...rate(1, 1), value: 3 }] };
    const [best = 0, worst = 0] = heights(drawn(runLines([ranks], 'rank', 3, 'Rank')));
    expect(best).toBeLessThan(worst);
  });

  it('mark the zero of a net score', () => {
    const chart = drawn(runLines([line([1, 2])], 'net', 3, 'Sentiment'));
    expect(chart('line.zero')).toHaveLength(1);
  });
});
