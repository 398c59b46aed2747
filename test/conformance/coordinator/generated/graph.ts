/**
 * A small module graph, drawn from numbers: what each node yields is a pure function of its body, so that the closure can
 * be computed apart from any coordinator. Phase p has a compute step 2p and a fetch step 2p + 1. Values are few, so that
 * equal hops and cycles are frequent.
 */
import fc from 'fast-check';
import type { Caps } from '../../../../libs/contracts/caps.ts';
import type { Usage } from '../../../../libs/coordination/protocol/commits.ts';
import type { NodeSeed } from '../../../../libs/coordination/protocol/node.ts';
import type { ModulePlan } from '../../../../libs/coordination/protocol/runs.ts';

export interface Shape {
  readonly modules: number;
  readonly phases: number;
  /** How many different hops a step has. */
  readonly values: number;
  readonly salt: number;
  /** Per phase: whether a compute hop opens it. The first is opened by first hops in any case. */
  readonly openers: readonly boolean[];
  /** Whether some hops make more requests than the others. */
  readonly wide: boolean;
  /** When the later phases open early, after the run began; 0: never. */
  readonly earlyInMs: number;
  /** Empty: none. */
  readonly caps: Caps;
}

/** One of four runs has caps; the smallest salt has none. */
const SOME_CAPS: readonly Caps[] = [
  { pages: 2 },
  { pages: 5 },
  { items: 3 },
  { bytes: 40 },
  { pages: 4, items: 6, depth: 1 },
];
const capsOf = (salt: number): Caps => SOME_CAPS[(salt % 20) - 15] ?? {};

const drawnShapes: fc.Arbitrary<Omit<Shape, 'caps'>> = fc.record({
  modules: fc.integer({ min: 1, max: 2 }),
  phases: fc.integer({ min: 1, max: 3 }),
  values: fc.integer({ min: 1, max: 5 }),
  salt: fc.nat({ max: 1_000_000 }),
  openers: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  wide: fc.boolean(),
  earlyInMs: fc.constantFrom(0, 0, 1, 20_000, 100_000, 200 * 3_600_000),
});

/** Without bias towards the smallest: those come by shrinking. */
export const shapes: fc.Arbitrary<Shape> = fc
  .noBias(drawnShapes)
  .map((shape) => ({ ...shape, caps: capsOf(shape.salt) }));

/** What a body says. `version` tells a fresh parse of the same request from an earlier one. */
interface Content {
  readonly moduleId: string;
  readonly step: number;
  readonly value: number;
  /** Of a request: its place in the hop; −1 for a hop. */
  readonly ordinal: number;
  readonly version: number;
}

interface Parent extends Content {
  readonly id: string;
  readonly kind: NodeSeed['kind'];
}

export function planOf(shape: Shape, runId: string, nowMs = 0): ModulePlan[] {
  return Array.from({ length: shape.modules }, (_, index) => {
    const moduleId = `m${index}`;
    const phases = Array.from({ length: shape.phases }, (__, phase) => {
      const opens = phase > 0 && shape.openers[phase] === true;
      const opener = hopSeed(shape, runId, { moduleId, step: 2 * phase, value: 0, ordinal: -1, version: 0 }, '');
      return { join: { kind: 'settle' as const }, ...(opens ? { opener } : {}) };
    });
    // Now and then a module begins with nothing to do.
    const count = draw(shape, 'first', index) % 16 === 0 ? 0 : 1 + (draw(shape, 'firsts', index) % shape.values);
    const first = Array.from({ length: count }, (__, value) =>
      hopSeed(shape, runId, { moduleId, step: 1, value, ordinal: -1, version: 0 }, ''),
    );
    const fetchSteps = Array.from({ length: shape.phases }, (__, phase) => 2 * phase + 1);
    return {
      moduleId,
      phases,
      first,
      fetchSteps,
      ...(shape.earlyInMs === 0 ? {} : { earlyAtMs: nowMs + shape.earlyInMs }),
    };
  });
}

/** What executing this node yields. */
export function childrenOf(shape: Shape, node: { readonly id: string; readonly runId: string } & NodeSeed): NodeSeed[] {
  const parent: Parent = { ...(JSON.parse(node.body) as Content), id: node.id, kind: node.kind };
  const isFetch = parent.step % 2 === 1;
  return node.kind === 'hop' && isFetch ? requestsOf(shape, parent) : hopsOf(shape, node.runId, parent);
}

/** What executing this node counts toward the caps of its run. */
export function usageOf(shape: Shape, { id, kind }: { readonly id: string; readonly kind: NodeSeed['kind'] }): Usage {
  const items = kind === 'request' ? draw(shape, 'items', id) % 3 : 0;
  const tooDeep = shape.caps.depth !== undefined && draw(shape, 'deep', id) % 8 === 0 ? 1 : 0;
  return { items, bytes: kind === 'request' ? 10 : 0, tooDeep };
}

/** Every node that an undisturbed run makes, by id. */
export function closureOf(shape: Shape, runId: string): Set<string> {
  const known = new Map<string, NodeSeed>();
  const todo = planOf(shape, runId).flatMap(({ phases, first }) => [
    ...first,
    ...phases.flatMap(({ opener }) => (opener === undefined ? [] : [opener])),
  ]);
  for (let seed = todo.pop(); seed !== undefined; seed = todo.pop()) {
    if (known.has(seed.id)) continue;
    known.set(seed.id, seed);
    todo.push(...childrenOf(shape, { ...seed, runId }));
  }
  return new Set(known.keys());
}

function requestsOf(shape: Shape, hop: Parent): NodeSeed[] {
  const { moduleId, step, value, version } = hop;
  const few = [0, 1, 1, 2, 2][draw(shape, 'requests', moduleId, step, value) % 5]!;
  const many = shape.wide && draw(shape, 'wide', moduleId, step, value) % 4 === 0 ? 4 : 0;
  return Array.from({ length: few + many }, (_, ordinal) => ({
    id: `${hop.id}#${ordinal}`,
    kind: 'request' as const,
    phase: Math.floor(step / 2),
    stepIdx: step,
    prefixRequest: '',
    body: JSON.stringify({ moduleId, step, value, ordinal, version }),
    limitKey: 'site.test',
  }));
}

function hopsOf(shape: Shape, runId: string, parent: Parent): NodeSeed[] {
  const { moduleId, step, value, ordinal } = parent;
  const count = [0, 1, 1, 2, 2][draw(shape, 'hops', moduleId, step, value, ordinal) % 5]!;
  const hops = Array.from({ length: count }, (_, index) => {
    const pick = draw(shape, 'hop', moduleId, step, value, ordinal, index);
    const phase = Math.floor(step / 2);
    const target = Math.min(shape.phases - 1, phase + (pick % 3 === 0 ? 1 : 0));
    const next = { step: 2 * target + (pick % 5 === 0 ? 0 : 1), value: (pick >>> 8) % shape.values };
    const prefix = parent.kind === 'request' ? parent.id : '';
    return hopSeed(shape, runId, { moduleId, ordinal: -1, version: 0, ...next }, prefix);
  });
  return [...new Map(hops.map((hop) => [hop.id, hop])).values()];
}

function hopSeed(shape: Shape, runId: string, content: Content, prefixRequest: string): NodeSeed {
  const { moduleId, step, value } = content;
  return {
    id: `${runId}.${moduleId}.${step}.${value}`,
    kind: 'hop',
    phase: Math.floor(step / 2),
    stepIdx: step,
    prefixRequest,
    body: JSON.stringify(content),
    ...(shape.earlyInMs > 0 && step % 2 === 0 ? { isComputed: true } : {}),
  };
}

/** A number that depends on the salt and the words, and on nothing else. */
function draw(shape: Shape, ...words: readonly (string | number)[]): number {
  let hash = 2_166_136_261 ^ shape.salt;
  for (const char of words.join('|')) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 13), 1_540_483_477);
  return (hash ^ (hash >>> 15)) >>> 0;
}
