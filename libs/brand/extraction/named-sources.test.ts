import { describe, expect, it } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

function named(text: string): string {
  const { sources } = extractAnswer({ text, question: '', brands: [] });
  return sources.flatMap(({ grade, siteName }) => (grade === 'named' ? [siteName] : [])).join(' ');
}

describe('named sources', () => {
  it.each([
    ['据知乎网友的说法，甲好', '知乎'],
    ['据知乎', '知乎'],
    ['根据IDC的数据', 'IDC'],
    ['根据中国连锁经营协会的数据，甲好', '中国连锁经营协会'],
    ['来源：懂车帝', '懂车帝'],
    ['来源：中国烹饪协会', '中国烹饪协会'],
    ['数据来源：奥维云网、中怡康', '奥维云网 中怡康'],
    ['据《消费者报告》，甲好', '消费者报告'],
    ['据《第一财经》报道', '第一财经'],
    ['据新华社报道，', '新华社'],
    ['据美国咖啡协会统计，甲', '美国咖啡协会'],
    ['According to Gartner, x', 'Gartner'],
    ['According to the Coffee Review, x', 'Coffee Review'],
    ['Consumer Reports reports that x', 'Consumer Reports'],
    ['IDC data shows x', 'IDC'],
    ['Statista data shows x', 'Statista'],
    ['J.D. Power reports x', 'J.D. Power'],
    ['Outdoor Gear Lab reports that it is good', 'Outdoor Gear Lab'],
    ['据网友反馈，好', ''],
    ['根据国家标准，好', ''],
    ['根据公开资料', ''],
    ['可到知乎查询', ''],
    ['可以去官网查看', ''],
    ['来源：[知乎](https://zhihu.com/q/1)', ''],
    ['According to [Gartner](https://gartner.com/x), x', ''],
    ['来源：知乎 https://zhihu.com/q/1', ''],
    ['IDC数据显示，甲第一', 'IDC'],
    ['奥维云网数据显示', '奥维云网'],
    ['中国家用电器研究院的报告显示，甲好', '中国家用电器研究院'],
    ['<think>据知乎</think>好', ''],
    ['{"source": "据知乎"}', ''],
    ['According to users, x', ''],
    ['According to our tests, x', ''],
    ['知乎网友表示好', ''],
    ['据小红书和知乎用户反馈', '小红书 知乎'],
  ])('of %j are %j', (text, expected) => {
    expect(named(text)).toBe(expected);
  });

  it('stand in order of first naming, each once', () => {
    expect(named('据知乎，甲好；据小红书，乙好；据知乎，丙好。IDC data shows x.')).toBe('知乎 小红书 IDC');
  });
});
