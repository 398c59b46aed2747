/**
 * Builds the tree of a page from htmlparser2's tokens, in time that grows with the page's size and with nothing else.
 *
 * The tree is the one that htmlparser2 builds, within two limits. An element that is nested too deep becomes a sibling of the last
 * one that is not, as in browsers, so that whatever climbs from a node to its ancestors takes a bounded number of steps. And a tree has a
 * bounded number of nodes. htmlparser2's own builder has neither limit, and moves the list of open elements for each tag.
 */
import {
  CDATA,
  type ChildNode,
  Comment,
  Document,
  Element,
  type ParentNode,
  ProcessingInstruction,
  Text,
} from 'domhandler';
import { type QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { CatenaError } from '../../errors/catena-error.ts';
import { IMPLIES_CLOSE, INTEGRATION_POINTS, VOID_ELEMENTS } from './html-elements.ts';

/** The deepest element of a tree, as in browsers; the document itself is not counted. */
export const MAX_DEPTH = 512;
/** Elements, texts and comments of a tree. */
export const MAX_NODES = 1_000_000;
/** Attributes of a tree, over all elements. */
export const MAX_ATTRIBUTES = 2_000_000;

export interface Tree {
  readonly document: Document;
  /** The `href` of the first `base` element, as it is written. */
  readonly base: string | undefined;
  /** How many nodes were nested deeper than {@link MAX_DEPTH} and became siblings. */
  readonly flattened: number;
}

/** Throws `parse.too_large` for a page with too many nodes. */
export function buildTree(text: string, xml = false): Tree {
  const builder = new TreeBuilder(text, xml);
  const tokenizer = new Tokenizer(xml ? XML_TOKENS : HTML_TOKENS, builder);
  tokenizer.write(text);
  tokenizer.end();
  return builder;
}

export function tooLarge(what: string, limit: number): CatenaError {
  const most = limit.toLocaleString('en-US');
  return new CatenaError('parse.too_large', `the page has more than ${most} ${what}`, {
    data: { what, limit },
    remedy: 'read it as text or bytes, or ask the site for smaller pages',
  });
}

const HTML_TOKENS = { xmlMode: false, decodeEntities: true };
const XML_TOKENS = { xmlMode: true, decodeEntities: true };

/** What a name means on this page; looked up once per tag. */
interface Tag {
  readonly name: string;
  readonly isVoid: boolean;
  readonly impliesClose: ReadonlySet<string> | undefined;
  /** Whether its content is SVG, MathML or XML, in which `<a/>` closes itself; undefined: as around it. */
  readonly foreign: boolean | undefined;
  /** How many elements of this name are open, so that a closing tag without its opening one costs no search. */
  open: number;
}

class TreeBuilder implements Tree, TokenizerCallbacks {
  readonly document = new Document([]);
  base: string | undefined;
  flattened = 0;
  readonly #source: string;
  readonly #xml: boolean;
  readonly #hasNul: boolean;
  /** Open elements with their tags, the innermost last. Not limited: closing tags count as they are written. */
  readonly #open: Element[] = [];
  readonly #openTags: Tag[] = [];
  /** What the open elements say that say something about foreign content, the innermost last. */
  readonly #foreign: boolean[] = [];
  readonly #tags = new Map<string, Tag>();
  #nodes = 0;
  #attributes = 0;
  /** The text that further text is added to. */
  #text: Text | undefined;
  /** The tag that is being read. */
  #tag: Tag = NO_TAG;
  #attribs: Record<string, string> = {};
  #attribute = '';
  #value = '';

  constructor(source: string, xml: boolean) {
    this.#source = source;
    this.#xml = xml;
    this.#hasNul = source.includes(NUL);
  }

  ontext(start: number, end: number): void {
    const text = this.#source.slice(start, end);
    const read = this.#hasNul ? this.#withoutNul(text) : text;
    if (read !== '') this.#addText(read);
  }

  /** As in browsers: a NUL between tags is nothing, one in a title, a script or SVG is the sign of an unknown character. */
  #withoutNul(text: string): string {
    const isKept = this.#xml || TEXT_ELEMENTS.has(this.#openTags.at(-1)?.name ?? '') || this.#foreign.at(-1) === true;
    return text.replaceAll(NUL, isKept ? UNKNOWN : '');
  }

  ontextentity(codePoint: number): void {
    this.#addText(String.fromCodePoint(codePoint));
  }

  onopentagname(start: number, end: number): void {
    this.#tag = this.#tagOf(start, end);
    this.#closeImplied(this.#tag);
    this.#attribs = {};
  }

  onattribname(start: number, end: number): void {
    const name = this.#written(start, end);
    this.#attribute = this.#xml ? name : name.toLowerCase();
    this.#value = '';
  }

  onattribdata(start: number, end: number): void {
    const part = this.#written(start, end);
    this.#value = this.#value === '' ? part : this.#value + part;
  }

  onattribentity(codePoint: number): void {
    this.#value += String.fromCodePoint(codePoint);
  }

  onattribend(_quote: QuoteType, _end: number): void {
    if (!Object.hasOwn(this.#attribs, this.#attribute)) {
      this.#attribs[this.#attribute] = this.#value;
      this.#attributes += 1;
      if (this.#attributes > MAX_ATTRIBUTES) throw tooLarge('attributes', MAX_ATTRIBUTES);
    }
    this.#value = '';
  }

  onopentagend(_end: number): void {
    this.#openElement(this.#tag, this.#attribs);
  }

  onselfclosingtag(_end: number): void {
    const tag = this.#tag;
    const closes = tag.foreign ?? this.#foreign.at(-1) ?? false;
    this.#openElement(tag, this.#attribs);
    if (closes && !tag.isVoid) this.#closeTop();
  }

  onclosetag(start: number, end: number): void {
    const tag = this.#tagOf(start, end);
    if (tag.isVoid) {
      if (tag.name === 'br') this.#openElement(tag, {});
    } else if (tag.open > 0) {
      while (this.#closeTop() !== tag);
    } else if (tag.name === 'p' && !this.#xml) {
      // As in browsers, `</p>` alone is an empty paragraph.
      this.#openElement(tag, {});
      this.#closeTop();
    }
  }

  oncomment(start: number, end: number, endOffset: number): void {
    this.#add(new Comment(this.#written(start, end - endOffset)));
  }

  oncdata(start: number, end: number, endOffset: number): void {
    const data = this.#written(start, end - endOffset);
    if (!this.#xml) {
      this.#add(new Comment(`[CDATA[${data}]]`));
      return;
    }
    const text = new Text(data);
    const section = new CDATA([text]);
    text.parent = section as never;
    this.#add(section);
  }

  ondeclaration(start: number, end: number): void {
    this.#addInstruction('!', start, end);
  }

  onprocessinginstruction(start: number, end: number): void {
    this.#addInstruction('?', start, end);
  }

  onend(): void {
    this.#open.length = 0;
    this.#openTags.length = 0;
  }

  #tagOf(start: number, end: number): Tag {
    const written = this.#written(start, end);
    const known = this.#tags.get(written);
    if (known !== undefined) return known;
    const tag = this.#xml ? xmlTag(written) : this.#htmlTag(written.toLowerCase());
    this.#tags.set(written, tag);
    return tag;
  }

  /** However it is written, a name is one tag. */
  #htmlTag(name: string): Tag {
    const known = this.#tags.get(name);
    if (known !== undefined) return known;
    const foreign = FOREIGN.has(name) || (INTEGRATION_POINTS.has(name) ? false : undefined);
    const isVoid = VOID_ELEMENTS.has(name);
    const tag: Tag = { name, isVoid, impliesClose: IMPLIES_CLOSE.get(name), foreign, open: 0 };
    this.#tags.set(name, tag);
    return tag;
  }

  #openElement(tag: Tag, attribs: Record<string, string>): void {
    const { name } = tag;
    const element = this.#xml ? new Element(name, attribs, [], TAG) : new Element(name, attribs);
    this.#add(element, this.#open.length + 1);
    if (!tag.isVoid) {
      this.#open.push(element);
      this.#openTags.push(tag);
      tag.open += 1;
      if (tag.foreign !== undefined) this.#foreign.push(tag.foreign);
    } else if (name === 'base') this.base ??= attribs.href;
  }

  #closeImplied({ impliesClose }: Tag): void {
    if (impliesClose === undefined) return;
    for (
      let top = this.#openTags.at(-1);
      top !== undefined && impliesClose.has(top.name);
      top = this.#openTags.at(-1)
    ) {
      this.#closeTop();
    }
  }

  #closeTop(): Tag | undefined {
    this.#open.pop();
    const tag = this.#openTags.pop();
    if (tag === undefined) return undefined;
    tag.open -= 1;
    if (tag.foreign !== undefined) this.#foreign.pop();
    this.#text = undefined;
    return tag;
  }

  #written(start: number, end: number): string {
    const text = this.#source.slice(start, end);
    return this.#hasNul ? text.replaceAll(NUL, UNKNOWN) : text;
  }

  #addText(data: string): void {
    if (this.#text !== undefined) {
      this.#text.data += data;
      return;
    }
    const text = new Text(data);
    this.#add(text);
    this.#text = text;
  }

  #addInstruction(mark: '!' | '?', start: number, end: number): void {
    const data = this.#written(start, end);
    const nameEnd = data.search(/[\s/]/);
    const name = nameEnd < 0 ? data : data.slice(0, nameEnd);
    this.#add(new ProcessingInstruction(`${mark}${this.#xml ? name : name.toLowerCase()}`, `${mark}${data}`));
  }

  /** `depth` is that of the element that the node is, or of the element that it stands in. */
  #add(node: ChildNode, depth = this.#open.length): void {
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) throw tooLarge('nodes', MAX_NODES);
    const isTooDeep = depth > MAX_DEPTH;
    if (isTooDeep) this.flattened += 1;
    const parent = isTooDeep ? this.#open[MAX_DEPTH - 2] : this.#open.at(-1);
    append(parent ?? this.document, node);
    this.#text = undefined;
  }
}

const NUL = '\0';
const UNKNOWN = '\ufffd';
/** Elements whose content is text and no markup. */
const TEXT_ELEMENTS: ReadonlySet<string> = new Set([
  ...['title', 'textarea', 'script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript', 'plaintext'],
]);

const NO_TAG: Tag = { name: '', isVoid: false, impliesClose: undefined, foreign: undefined, open: 0 };

function xmlTag(name: string): Tag {
  return { name, isVoid: false, impliesClose: undefined, foreign: true, open: 0 };
}

/** In XML `script` is an element like any other. */
const TAG = 'tag' as never;
const FOREIGN: ReadonlySet<string> = new Set(['svg', 'math']);

function append(parent: ParentNode, node: ChildNode): void {
  const { children } = parent;
  const previous = children.at(-1);
  if (previous !== undefined) {
    node.prev = previous;
    previous.next = node;
  }
  children.push(node);
  node.parent = parent;
}
