import { isTag } from 'domhandler';
import { describe, expect, it } from 'vitest';
import { type Markup, SourcePage } from './page.ts';
import { buildTree, MAX_DEPTH } from './tree.ts';

function page(body: string, markup: Markup = 'fast'): SourcePage {
  return new SourcePage({ url: 'https://shop.test/', status: 200, headers: {}, body: Buffer.from(body) }, markup);
}

/** How many elements stand around the deepest one, itself included. */
function depthOf({ document }: ReturnType<typeof buildTree>): number {
  let depth = 0;
  let level = document.children.filter(isTag);
  while (level.length > 0) {
    depth += 1;
    level = level.flatMap(({ children }) => children.filter(isTag));
  }
  return depth;
}

describe('deep nesting', () => {
  it('ends at 512: what is deeper becomes a sibling, and is counted', () => {
    expect(depthOf(buildTree('<div>'.repeat(MAX_DEPTH)))).toBe(MAX_DEPTH);
    expect(buildTree('<div>'.repeat(MAX_DEPTH)).flattened).toBe(0);
    const deep = buildTree(`${'<div>'.repeat(MAX_DEPTH + 3)}x`);
    expect(depthOf(deep)).toBe(MAX_DEPTH);
    // Three elements, and the text in the last of them.
    expect(deep.flattened).toBe(4);
  });

  it.each<[Markup, string]>([
    ['fast', 'div'],
    ['fast', 'b'],
    ['spec', 'div'],
    ['spec', 'b'],
    ['xml', 'item'],
  ])('keeps all of its text (%s, %s)', (markup, name) => {
    const one = page([`<${name}>a`.repeat(5_000), `z</${name}>`.repeat(5_000), '<i>end</i>'].join(''), markup);
    const text = one.$.root().text();
    expect(text.slice(0, MAX_DEPTH)).toBe('a'.repeat(MAX_DEPTH));
    expect([...text.slice(0, -3)].sort().join('')).toBe('a'.repeat(5_000) + 'z'.repeat(5_000));
    expect(text.slice(-3)).toBe('end');
    expect(one.flattenedNodes).toBeGreaterThan(4_000);
  });

  it('still lets closing tags close what they name', () => {
    const { $ } = page(
      `<main>${'<div>'.repeat(600)}<p>in</p>${'</div>'.repeat(600)}<p class=out>out</p></main><p>after</p>`,
    );
    expect($('main > p').text()).toBe('out');
    expect($('p').last().parent().length).toBe(0);
  });

  it('is not counted before the page was parsed', () => {
    const one = page('<div>'.repeat(600));
    expect(one.flattenedNodes).toBe(0);
    one.has('p');
    expect(one.flattenedNodes).toBe(88);
  });
});

describe('a fragment without a root', () => {
  it('has text, links and selections as one inside of a list', () => {
    const { $ } = page('<li><a href=x>y</a></li>'.repeat(2_000));
    expect($('a').length).toBe(2_000);
    expect($('li a').text()).toBe('y'.repeat(2_000));
    expect($('li:nth-child(2n)').length).toBe(1_000);
  });
});

describe('names that every object has', () => {
  it('are attributes and tags like any other', () => {
    const { $ } = page('<constructor toString=1 __proto__=2>x</constructor><p>y</p>');
    expect($('constructor').attr('tostring')).toBe('1');
    expect($('[tostring=1]').text()).toBe('x');
    expect($('[constructor], [hasownproperty], [valueof]').length).toBe(0);
    expect($('p').attr('constructor')).toBeUndefined();
  });
});
