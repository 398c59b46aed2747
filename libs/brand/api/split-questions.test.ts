import { expect, it } from 'vitest';
import { splitQuestions } from './split-questions.ts';

it.each([
  ['', []],
  ['  \n \r\n', []],
  ['推荐几款跑鞋', ['推荐几款跑鞋']],
  ['推荐几款跑鞋？哪些耐磨？', ['推荐几款跑鞋？', '哪些耐磨？']],
  ['推荐几款跑鞋？哪些耐磨', ['推荐几款跑鞋？', '哪些耐磨']],
  ['one\ntwo\r\nthree\u2028four', ['one', 'two', 'three', 'four']],
  ['Which shoes? Why?', ['Which shoes?', 'Why?']],
  ['Really?! Why ?', ['Really?!', 'Why ?']],
  ['真的吗？！为什么', ['真的吗？！', '为什么']],
  ['他问“哪款好？”然后呢', ['他问“哪款好？”', '然后呢']],
  ['what is https://shop.test/s?q=shoes like?', ['what is https://shop.test/s?q=shoes like?']],
  ['哪个好?为什么', ['哪个好?', '为什么']],
  ['???', ['???']],
  ['不带问号。也是一个问题', ['不带问号。也是一个问题']],
])('splits %j (B13)', (text, questions) => {
  expect(splitQuestions(text)).toEqual(questions);
});

it('takes no longer than the text is long', () => {
  // In a time of the square of the length it would take minutes.
  const text = `${'?'.repeat(200_000)}x`.repeat(5);
  const startMs = performance.now();
  expect(splitQuestions(text).join('')).toBe(text);
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
