/** `page.form`: a form as a browser would send it, by the rules of https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-2 */
import type { Element } from 'domhandler';
import { CatenaError } from '../../errors/catena-error.ts';
import type { FormOptions, PageForm } from '../contract/reading.ts';
import type { RequestSpec } from '../contract/request.ts';
import { collapsed } from './extract.ts';
import type { LinkingPage } from './links.ts';
import { attributeOf } from './select/attributes.ts';
import { compileSelector } from './select/compile.ts';
import { findInside } from './select/find.ts';
import { parentElement } from './select/relations.ts';

type Pair = readonly [name: string, value: string];

/** See `Reading.form`. Throws `parse.no_form`. */
export function formOf(page: LinkingPage, selector = 'form', options: FormOptions = {}): PageForm {
  const all = find(page, 'form');
  const form = find(page, selector).find(({ name }) => name === 'form');
  if (form === undefined) throw noForm(page, selector, all.length);
  const controls = controlsOf(page, form);
  const button = pressed(page, controls, options.submit, selector);
  const action = (button && attributeOf(button, 'formaction')) || attributeOf(form, 'action');
  // An action that is empty is the page itself, whatever its base element says.
  const target = action === undefined || action.trim() === '' ? URL.parse(page.url) : URL.parse(action, page.base);
  if (target === null) throw wrongForm(page, `its action ${JSON.stringify(action)} is no address`);
  target.hash = '';
  const stated = (button && attributeOf(button, 'formmethod')) ?? attributeOf(form, 'method');
  const method = stated?.trim().toLowerCase() === 'post' ? 'POST' : 'GET';
  const encoding = ((button && attributeOf(button, 'formenctype')) ?? attributeOf(form, 'enctype') ?? '')
    .trim()
    .toLowerCase();
  const fields = pairsOf(page, controls, button);
  return {
    url: target.href,
    method,
    fields,
    request: (values = {}) => requestOf(target, method, encoding === 'multipart/form-data', replaced(fields, values)),
  };
}

function find(page: LinkingPage, selector: string): Element[] {
  return findInside([page.document], compileSelector(selector, page.xml), page.memory);
}

/** The controls of a form: those inside of it, and those elsewhere that name it. */
function controlsOf(page: LinkingPage, form: Element): Element[] {
  const id = attributeOf(form, 'id');
  const around = new Map<Element, boolean>();
  return find(page, 'input, select, textarea, button').filter((control) => {
    const owner = attributeOf(control, 'form');
    return owner === undefined ? isInside(control, form, around) : owner !== '' && owner === id;
  });
}

function isInside(element: Element, form: Element, known: Map<Element, boolean>): boolean {
  const passed: Element[] = [];
  let result = false;
  for (let at = parentElement(element); at !== null; at = parentElement(at)) {
    const answer = at === form ? true : known.get(at);
    if (answer !== undefined) {
      result = answer;
      break;
    }
    passed.push(at);
  }
  for (const one of passed) known.set(one, result);
  return result;
}

function pressed(
  page: LinkingPage,
  controls: readonly Element[],
  submit: FormOptions['submit'],
  form: string,
): Element | undefined {
  if (submit === false) return undefined;
  const buttons = controls.filter(isSubmit);
  if (submit === undefined) return buttons.find((button) => !isDisabled(page, button));
  const wanted = new Set(find(page, submit));
  const button = buttons.find((each) => wanted.has(each));
  if (button !== undefined) return button;
  throw new CatenaError(
    'parse.no_form',
    `the form ${JSON.stringify(form)} of ${page.url} has no button ${JSON.stringify(submit)}`,
    {
      class: 'retryable',
      data: { url: page.url, form, submit },
      remedy: 'give a selector of one of its submit buttons, or false for none',
    },
  );
}

function isSubmit(control: Element): boolean {
  const type = attributeOf(control, 'type')?.toLowerCase();
  if (control.name === 'button') return type === undefined || (type !== 'button' && type !== 'reset');
  return control.name === 'input' && (type === 'submit' || type === 'image');
}

/** Also what stands in a disabled `fieldset`, but for its first `legend`. `:disabled` of `$` is cheerio's, which passes over those. */
const DISABLED = `:is(button, input, select, textarea, option)[disabled], optgroup[disabled] > option,
  fieldset[disabled] :is(button, input, select, textarea):not(fieldset[disabled] > legend:first-of-type *)`;

function isDisabled(page: LinkingPage, control: Element): boolean {
  return compileSelector(DISABLED, page.xml).plain!.matches(control, page.memory);
}

/** What is sent, in the order of the page. */
function pairsOf(page: LinkingPage, controls: readonly Element[], button: Element | undefined): Pair[] {
  const pairs: (Pair | undefined)[] = [];
  const radios = new Map<string, number>();
  for (const control of controls) {
    const name = attributeOf(control, 'name') ?? '';
    if (isDisabled(page, control) || (control !== button && isButton(control))) continue;
    const isImage = control.name === 'input' && attributeOf(control, 'type')?.toLowerCase() === 'image';
    if (isImage) {
      const prefix = name === '' ? '' : `${name}.`;
      pairs.push([`${prefix}x`, '0'], [`${prefix}y`, '0']);
      continue;
    }
    if (name === '') continue;
    for (const value of valuesOf(page, control)) {
      if (control.name === 'input' && attributeOf(control, 'type')?.toLowerCase() === 'radio') {
        // Of the radio buttons of a name only the last that is checked stays so.
        const earlier = radios.get(name);
        if (earlier !== undefined) pairs[earlier] = undefined;
        radios.set(name, pairs.length);
      }
      pairs.push([name, value]);
    }
  }
  return pairs.filter((pair) => pair !== undefined);
}

function isButton(control: Element): boolean {
  if (control.name === 'button') return true;
  const type = attributeOf(control, 'type')?.toLowerCase() ?? '';
  return control.name === 'input' && ['submit', 'image', 'button', 'reset'].includes(type);
}

function valuesOf(page: LinkingPage, control: Element): string[] {
  const value = attributeOf(control, 'value');
  switch (control.name) {
    case 'select':
      return selectedIn(page, control);
    case 'textarea':
      // The first line break belongs to the markup.
      return [allText(control).replace(/^\r?\n/, '')];
    case 'input': {
      const type = attributeOf(control, 'type')?.toLowerCase();
      if (type === 'checkbox' || type === 'radio') {
        return attributeOf(control, 'checked') === undefined ? [] : [value ?? 'on'];
      }
      if (type === 'file') return [''];
      if (type === 'hidden' && attributeOf(control, 'name')?.toLowerCase() === '_charset_') return ['UTF-8'];
      return [value ?? ''];
    }
    default:
      return [value ?? ''];
  }
}

function selectedIn(page: LinkingPage, select: Element): string[] {
  const options = findInside([select], compileSelector('option', page.xml), page.memory);
  const isMultiple = attributeOf(select, 'multiple') !== undefined;
  const chosen = options.filter((option) => attributeOf(option, 'selected') !== undefined);
  const size = Number.parseInt(attributeOf(select, 'size') ?? '1', 10);
  // Of a menu something is always chosen: what is marked last, else what comes first.
  const first = size > 1 ? undefined : options.find((option) => !isDisabled(page, option));
  const menu = chosen.at(-1) ?? first;
  const sent = isMultiple ? chosen : menu === undefined ? [] : [menu];
  return sent
    .filter((option) => !isDisabled(page, option))
    .map((option) => attributeOf(option, 'value') ?? collapsed(allText(option)));
}

function allText(element: Element): string {
  return element.children
    .map((child) => (child.type === 'text' ? child.data : 'children' in child ? allText(child as Element) : ''))
    .join('');
}

function replaced(fields: readonly Pair[], values: Readonly<Record<string, string>>): Pair[] {
  const left = new Map(Object.entries(values));
  const given = new Set(left.keys());
  const pairs: Pair[] = [];
  for (const [name, value] of fields) {
    const other = left.get(name);
    if (!given.has(name)) pairs.push([name, value]);
    else if (other !== undefined) pairs.push([name, other]);
    left.delete(name);
  }
  return [...pairs, ...left];
}

function requestOf(target: URL, method: 'GET' | 'POST', isMultipart: boolean, pairs: readonly Pair[]): RequestSpec {
  // Line breaks are sent as CR LF, whatever the page has.
  const sent = pairs.map(([name, value]): [string, string] => [lineBreaks(name), lineBreaks(value)]);
  const encoded = new URLSearchParams(sent).toString();
  if (method === 'GET') {
    const url = new URL(target);
    url.search = encoded;
    return { url: url.href };
  }
  if (isMultipart) return { url: target.href, method, ...multipart(sent) };
  return {
    url: target.href,
    method,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: encoded,
  };
}

/** The same form always makes the same body: a request is told from others by what it sends. */
function multipart(pairs: readonly (readonly [string, string])[]): Pick<RequestSpec, 'headers' | 'body'> {
  const written = pairs.flat().join('\n');
  let boundary = '----form';
  for (let at = 0; written.includes(boundary); at++) boundary = `----form${at}`;
  const parts = pairs.map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  };
}

function quoted(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function lineBreaks(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

function noForm(page: LinkingPage, selector: string, forms: number): CatenaError {
  return new CatenaError('parse.no_form', `no form of ${page.url} matches ${JSON.stringify(selector)}`, {
    class: 'retryable',
    data: { url: page.url, selector, forms },
    remedy:
      forms === 0
        ? 'the page has no form: check what came, with expect'
        : `the page has ${forms} forms: mend the selector`,
  });
}

function wrongForm(page: LinkingPage, what: string): CatenaError {
  return new CatenaError('parse.no_form', `a form of ${page.url} cannot be sent: ${what}`, {
    class: 'retryable',
    data: { url: page.url },
  });
}
