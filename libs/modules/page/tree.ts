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
  return new CatenaError('parse.too_large', `the page has more than ${limit.toLocaleString('en-US')} ${what}`, {
    data: { what, limit },
    remedy: 'read it as text or bytes, or ask the site for smaller pages',
  });
}

const HTML_TOKENS = { xmlMode: false, decodeEntities: true };
const XML_TOKENS = { xmlMode: true, decodeEntities: true };

/** An element that is not closed yet. */
interface Open {
  readonly name: string;
  readonly element: Element;
  /** Whether its content is SVG, MathML or XML, in which `<a/>` closes itself. */
  readonly foreign: boolean;
}

class TreeBuilder implements Tree, TokenizerCallbacks {
  readonly document = new Document([]);
  base: string | undefined;
  flattened = 0;
  readonly #source: string;
  readonly #xml: boolean;
  /** Open elements, the innermost last. Not limited: closing tags count as they are written. */
  readonly #open: Open[] = [];
  /** How many open elements have a name, so that a closing tag without its opening one costs no search. */
  readonly #openNames = new Map<string, number>();
  #nodes = 0;
  #attributes = 0;
  /** The text that further text is added to. */
  #text: Text | undefined;
  /** The tag that is being read. */
  #tag = '';
  #attribs: Record<string, string> = {};
  #attribute = '';
  #value = '';

  constructor(source: string, xml: boolean) {
    this.#source = source;
    this.#xml = xml;
  }

  ontext(start: number, end: number): void {
    this.#addText(this.#source.slice(start, end));
  }

  ontextentity(codePoint: number): void {
    this.#addText(String.fromCodePoint(codePoint));
  }

  onopentagname(start: number, end: number): void {
    const name = this.#name(start, end);
    if (!this.#xml) this.#closeImplied(name);
    this.#tag = name;
    this.#attribs = {};
  }

  onattribname(start: number, end: number): void {
    this.#attribute = this.#name(start, end);
    this.#value = '';
  }

  onattribdata(start: number, end: number): void {
    const part = this.#source.slice(start, end);
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
    const name = this.#tag;
    const closes = this.#xml || this.#isForeign(name);
    this.#openElement(name, this.#attribs);
    if (closes && (this.#xml || !VOID_ELEMENTS.has(name))) this.#closeTop();
  }

  onclosetag(start: number, end: number): void {
    const name = this.#name(start, end);
    if (!this.#xml && VOID_ELEMENTS.has(name)) {
      if (name === 'br') this.#openElement('br', {});
      return;
    }
    if ((this.#openNames.get(name) ?? 0) > 0) {
      while (this.#closeTop() !== name);
    } else if (name === 'p' && !this.#xml) {
      // As in browsers, `</p>` alone is an empty paragraph.
      this.#openElement('p', {});
      this.#closeTop();
    }
  }

  oncomment(start: number, end: number, endOffset: number): void {
    this.#add(new Comment(this.#source.slice(start, end - endOffset)));
  }

  oncdata(start: number, end: number, endOffset: number): void {
    const data = this.#source.slice(start, end - endOffset);
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
  }

  #name(start: number, end: number): string {
    const name = this.#source.slice(start, end);
    return this.#xml ? name : name.toLowerCase();
  }

  #isForeign(name: string): boolean {
    if (this.#xml || FOREIGN.has(name)) return true;
    if (INTEGRATION_POINTS.has(name)) return false;
    return this.#open.at(-1)?.foreign ?? false;
  }

  #openElement(name: string, attribs: Record<string, string>): void {
    const element = this.#xml ? new Element(name, attribs, [], TAG) : new Element(name, attribs);
    this.#add(element, this.#open.length + 1);
    if (this.#xml || !VOID_ELEMENTS.has(name)) {
      this.#open.push({ name, element, foreign: this.#isForeign(name) });
      this.#openNames.set(name, (this.#openNames.get(name) ?? 0) + 1);
    } else if (name === 'base') {
      this.base ??= attribs.href;
    }
  }

  #closeImplied(name: string): void {
    const closed = IMPLIES_CLOSE.get(name);
    if (closed === undefined) return;
    for (let top = this.#open.at(-1); top !== undefined && closed.has(top.name); top = this.#open.at(-1))
      this.#closeTop();
  }

  #closeTop(): string | undefined {
    const top = this.#open.pop();
    if (top === undefined) return undefined;
    this.#openNames.set(top.name, this.#openNames.get(top.name)! - 1);
    this.#text = undefined;
    return top.name;
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
    const data = this.#source.slice(start, end);
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
    append(parent?.element ?? this.document, node);
    this.#text = undefined;
  }
}

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
