/**
 * Builds the tree of a browser, by parse5, for pages of which parse5 takes time in proportion to their size. It searches the open elements for
 * each tag and the attributes of a tag for each attribute, so a page that nests deeper than a tree may, or has a tag with very many
 * attributes, or repeats unclosed formatting without end, is left to the other builder.
 */
import { createRequire } from 'node:module';
import type { Document, ParentNode } from 'domhandler';
import { Tokenizer } from 'htmlparser2';
import type { TreeAdapter } from 'parse5';
import type { Htmlparser2TreeAdapterMap, adapter as htmlparser2Adapter } from 'parse5-htmlparser2-tree-adapter';
import { attributeOf } from './select/attributes.ts';
import { compileSelector } from './select/compile.ts';
import { findInside } from './select/find.ts';
import { Memory } from './select/memory.ts';
import { MAX_DEPTH, MAX_NODES, type Tree, tooLarge } from './tree.ts';

/** A short text may have a few more nodes than characters: `html`, `head` and `body` are always there. */
const LEAST_NODES = 1_000;
/** Attributes of one tag. */
const MAX_TAG_ATTRIBUTES = 1_000;
/** Pages below this cannot have enough attributes in a tag to take noticeable time. */
const CHECKED_FROM_CHARS = 8_192;

/** Undefined for a page that parse5 cannot build linearly. Throws `parse.too_large` for one with too many nodes. */
export function buildSpecTree(text: string): Tree | undefined {
  if (text.length >= CHECKED_FROM_CHARS && hasCrowdedTag(text)) return undefined;
  const { parse } = loadParse5();
  try {
    const treeAdapter = limitedAdapter(Math.max(LEAST_NODES, text.length));
    const document: Document = parse(text, { treeAdapter, scriptingEnabled: true });
    const [base] = findInside([document], compileSelector('base[href]'), new Memory(), 1);
    return { document, base: base === undefined ? undefined : attributeOf(base, 'href'), flattened: 0 };
  } catch (thrown) {
    if (thrown === NOT_LINEAR) return undefined;
    throw thrown;
  }
}

const NOT_LINEAR = new Error('parse5 would not build this page in time');

type Adapter = TreeAdapter<Htmlparser2TreeAdapterMap>;

/** The adapter for one page, within the limits; `most` is for a page whose tree grows beyond its text, as unclosed formatting does. */
function limitedAdapter(most: number): Adapter {
  const { adapter } = loadParse5();
  let nodes = 0;
  let depth = 0;
  const emptied = new Set<ParentNode>();
  const count = (): void => {
    nodes += 1;
    if (nodes > most) throw NOT_LINEAR;
    if (nodes > MAX_NODES) throw tooLarge('nodes', MAX_NODES);
  };
  return {
    ...adapter,
    createElement(name, namespace, attributes) {
      count();
      return adapter.createElement(name, namespace, attributes);
    },
    createCommentNode(data) {
      count();
      return adapter.createCommentNode(data);
    },
    createTextNode(data) {
      count();
      return adapter.createTextNode(data);
    },
    insertText(parent, data) {
      if (parent.children.at(-1)?.type !== 'text') count();
      adapter.insertText(parent, data);
    },
    // What is put before a table is put before the last child, so both searches begin at the end.
    insertBefore(parent, node, reference) {
      const at = parent.children.lastIndexOf(reference);
      const { prev } = reference;
      if (prev !== null) prev.next = node;
      node.prev = prev;
      reference.prev = node;
      node.next = reference;
      parent.children.splice(at, 0, node);
      node.parent = parent;
    },
    insertTextBefore(parent, data, reference) {
      const { prev } = reference;
      if (prev?.type === 'text') prev.data += data;
      else this.insertBefore(parent, this.createTextNode(data), reference);
    },
    detachNode(node) {
      const { parent, prev, next } = node;
      if (parent === null) return;
      if (prev !== null) prev.next = next;
      if (next !== null) next.prev = prev;
      node.prev = node.next = node.parent = null;
      if (emptied.has(parent)) parent.children.pop();
      else parent.children.splice(parent.children.lastIndexOf(node), 1);
    },
    // parse5 asks for the first child only to move all children of an element, one by one: they leave from the end of a reversed list.
    getFirstChild(parent) {
      if (!emptied.has(parent)) {
        parent.children.reverse();
        emptied.add(parent);
      }
      const first = parent.children.at(-1);
      if (first === undefined) emptied.delete(parent);
      return first ?? null;
    },
    onItemPush() {
      depth += 1;
      if (depth > MAX_DEPTH) throw NOT_LINEAR;
    },
    onItemPop() {
      depth -= 1;
    },
  };
}

function hasCrowdedTag(text: string): boolean {
  let attributes = 0;
  let most = 0;
  const ignore = (): void => {};
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname: () => {
        attributes = 0;
      },
      onattribname: () => {
        attributes += 1;
        if (attributes > most) most = attributes;
      },
      ...{ onattribdata: ignore, onattribentity: ignore, onattribend: ignore, onopentagend: ignore },
      ...{ onselfclosingtag: ignore, onclosetag: ignore, ontext: ignore, ontextentity: ignore, oncomment: ignore },
      ...{ oncdata: ignore, ondeclaration: ignore, onprocessinginstruction: ignore, onend: ignore },
    },
  );
  tokenizer.write(text);
  tokenizer.end();
  return most > MAX_TAG_ATTRIBUTES;
}

interface Parse5 {
  parse(text: string, options: object): Document;
  readonly adapter: typeof htmlparser2Adapter;
}

let parse5: Parse5 | undefined;

/** Loaded on first use: most programs never need it. */
function loadParse5(): Parse5 {
  if (parse5 === undefined) {
    const require = createRequire(import.meta.url);
    const { parse } = require('parse5') as Pick<Parse5, 'parse'>;
    const { adapter } = require('parse5-htmlparser2-tree-adapter') as Pick<Parse5, 'adapter'>;
    parse5 = { parse, adapter };
  }
  return parse5;
}
