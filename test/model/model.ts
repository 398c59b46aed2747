// An executable model of the chain: coordinator, processes that die at any await of their workers, an unreliable bus, failover.
// Every rule that is ambiguous or wrong as written is a switch; `literal` is the text, `fixed` the proposal.
// Run: node model.ts [seeds] [literal|fixed|<rule>=literal on top of fixed] [--trace seed]

export const FIXED = {
  hopKey: 'state', // literal 'prefix': prefix_request is part of a hop's key
  reqKey: 'hop', // literal 'prefix': a request's branch is its ordinal only, next to prefix_request
  dueTake: 'rescore', // literal 'pop': due_take removes, the sweeper then acts
  claimState: 'strict', // literal 'lease': run, module, node, epoch, lease are checked, the state is not
  claimNonce: true, // literal false: a re-sent claim answers LOCKED_BY_OTHER to its own caller
  fenceRelease: false, // literal true: commit_error "releases the lease in every branch"
  drain: true, // literal false: termination is a mark, nothing ends the nodes
  park: 'index', // literal 'inf': parked nodes stand at +inf
  continueIs: 'dead', // literal 'none': CONTINUE has no effect on the node
  replayResets: true, // literal false: attempts, crashes, thresholds and marks stay as they were
  joinLatch: true, // literal false: open[phase] reaching 0 fires, also after a replay or fallback
  lateCommit: 'latch', // literal 'cas': a commit in a phase that has closed answers CAS_CONFLICT, also a replayed one
  fallback: 'supersede', // literal 'wait': the failed hop waits for its new body
  fallbackPhase: true, // literal false: a request in a closed phase may be re-opened
  items: 'token', // literal 'plain': rows by (run,node,ordinal), replaced by a higher token; 'settle': the same, pruned at the end; 'token': rows by (run,node,token,ordinal), the committed token's rows count
  itemsGE: true, // literal false: strictly higher
  epochAhead: 'accept', // literal 'unknown': a message newer than the node is out of order, buffered
  deadlineOwner: true, // literal false: nobody owns the phase deadline
  staged: 'pump', // literal 'atomic': all staged children in the one final script (unbounded)
  fetch: 'claim', // literal 'none': the downloader never asks; 'peek': a read-only check; 'claim': it takes the lease, then hands back as `fetched`
  ringBackoff: true, // literal false: a constant dispatch grace
  handoverChecks: true, // literal false: a fused claim does not look at pause or phase
  heldPhase: true, // literal false: a hop for a later phase is notified at once
  incarnation: true, // literal true too; false = failover not noticed
  decideBoth: false, // literal true: decide schedules and the consumer calls etm_retry_schedule as well
  dispatchBudget: true, // literal false: a pending node is notified for ever
  stagedCount: true, // literal false: the final commit does not say how many it staged
  replayCloses: true, // literal false: a replay does not re-check phases that are empty already
  suspects: 'alone', // literal 'none': a node that lost two leases is executed among others, so what ends its process ends them too
  earlyRestart: true, // literal false: the last opening leaves an opener that the early one began
  earlyWaits: true, // literal false: a hop that comes from an open phase runs at once in a phase that is open early
  earlyAgain: true, // literal false: compute hops of the early opening are not computed again
  windowSweep: true, // literal false: only committers let ready nodes into a window
  windowFront: true, // literal false: nodes of a phase that is not open any more take places in the window
  capDrain: true, // literal false: nobody ends the nodes that a cap leaves out
  capReplaces: true, // literal false: the items of a later commit of a node are counted beside those of the earlier one
  retryPending: true, // literal false: a retry node stays retry until claimed (stuck with a re-scored index)
};
export type Rules = { -readonly [K in keyof typeof FIXED]: string | boolean };
export const LITERAL: Rules = {
  hopKey: 'prefix',
  reqKey: 'prefix',
  dueTake: 'pop',
  claimState: 'lease',
  claimNonce: false,
  fenceRelease: true,
  drain: false,
  park: 'inf',
  continueIs: 'none',
  replayResets: false,
  joinLatch: false,
  lateCommit: 'cas',
  fallback: 'wait',
  fallbackPhase: false,
  items: 'plain',
  itemsGE: false,
  epochAhead: 'unknown',
  deadlineOwner: false,
  staged: 'atomic',
  fetch: 'none',
  ringBackoff: false,
  handoverChecks: false,
  heldPhase: false,
  incarnation: true,
  decideBoth: true,
  dispatchBudget: false,
  stagedCount: false,
  replayCloses: false,
  suspects: 'none',
  earlyRestart: false,
  earlyWaits: false,
  earlyAgain: false,
  windowSweep: false,
  windowFront: false,
  capDrain: false,
  capReplaces: false,
  retryPending: false,
};

const rng = (seed: number) => {
  let a = (seed * 2654435761) >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};
const h = (...x: (string | number)[]) => {
  let v = 2166136261;
  for (const c of x.join('|')) {
    v ^= c.charCodeAt(0);
    v = Math.imul(v, 16777619);
  }
  v ^= v >>> 13;
  v = Math.imul(v, 0x5bd1e995);
  return (v ^ (v >>> 15)) >>> 0;
};

type NodeState =
  | 'pending'
  | 'processing'
  | 'done'
  | 'failed'
  | 'retry'
  | 'dead'
  | 'parked'
  | 'fetched'
  | 'releasing'
  | 'superseded';
type N = {
  id: string;
  kind: 'hop' | 'req';
  s: NodeState;
  m: number;
  ph: number;
  step: number;
  val: number;
  ord: number;
  parent: string;
  prefix: string;
  epoch: number;
  attempts: number;
  crashes: number;
  disp: number;
  owner: string;
  token: string;
  lease: number;
  ver: number;
  tag: string;
  nItems: number;
  ctr: number;
  why: string;
  fb: boolean;
  rel: Child[];
  comm: number;
  ctok: string;
  hand: string;
  reopened: boolean;
  /** The opening of the later phases in which it was claimed last. */
  rev: number;
  /** It waits for the last opening of its phase. */
  late: boolean;
  /** It was claimed while an earlier phase was open. */
  early: boolean;
};
type Child = { id: string; kind: 'hop' | 'req'; step: number; val: number; ord: number; ver: number; prefix: string };
type Mod = {
  status: 'open' | 'terminated' | 'done';
  cur: number;
  open: number[];
  created: number[];
  done: number[];
  dead: number[];
  closed: string[];
  fired: number[];
  errs: number;
  /** The furthest phase that is open: `cur`, or where an early opening is. */
  front: number;
  /** Grows when later phases open again. */
  rev: number;
  early: 'none' | 'opened' | 'over';
  /** How often each phase may open: once, and once more if it opened early. */
  openings: number[];
};
type State = {
  run: { status: string; paused: boolean; why: string; openings: number; completed: number };
  mods: Mod[];
  nodes: Record<string, N>;
  due: Record<string, number>;
  gates: Record<string, 1>;
  emitted: Record<string, 1>;
  decided: Record<string, string>;
  counted: Record<string, 1>;
  taskErrs: number;
  staged: Record<string, Child[]>;
  joins: Record<string, number>;
  commits: Record<string, number>;
  reorder: Record<string, unknown>;
  inc: number;
  barrier: number;
  claimLog: Record<string, string>;
  /** What the run has used of its caps; `reached` by their names. */
  cap: { pages: number; items: number; reached: string[]; leftOut: number };
};

/** The due time of a node that stands ready outside of its module's window, plus its number. */
const READY = 1e9;
const SUSPECT = 2;
const LEASE = 40,
  GRACE = 25,
  DGRACE = 20,
  ATT = 3,
  CRASH = 4,
  MODERR = 12,
  TASKERR = 25,
  BATCH = 3,
  DISP = 14;
class Crash extends Error {}
export type Result = { seed: number; bad: string[]; stats: Record<string, number>; trace: string[] };

export function simulate(seed: number, R: Rules, opt: { trace?: boolean } = {}): Result {
  const r = rng(seed),
    chance = (p: number) => r() < p,
    int = (n: number) => Math.floor(r() * n),
    pick = <T>(a: T[]) => a[int(a.length)]!;
  const bad: string[] = [],
    trace: string[] = [],
    stats: Record<string, number> = {};
  const st = (k: string, n = 1) => {
    stats[k] = (stats[k] ?? 0) + n;
  };
  const log = (s: string) => {
    if (opt.trace) trace.push(`${now} ${s}`);
  };
  const fail = (s: string) => {
    if (bad.length < 12 && !bad.includes(s)) {
      bad.push(s);
      log(`!!! ${s}`);
    }
  };
  let now = 0,
    uid = 0;

  // ---- the scenario, drawn from the seed
  const F = {
    crash: chance(0.7) ? 0.01 + r() * 0.05 : 0,
    lose: chance(0.5) ? r() * 0.2 : 0,
    dup: chance(0.6) ? r() * 0.25 : 0,
    resend: chance(0.4) ? r() * 0.12 : 0,
    failover: chance(0.25),
    pause: chance(0.35),
    cancel: chance(0.12),
    deadline: chance(0.2),
    replay: chance(0.4),
    terminate: chance(0.1),
    parseFail: chance(0.5),
    genFail: chance(0.5),
    poison: chance(0.15),
    big: chance(0.2),
    longDl: chance(0.25),
    hand: chance(0.5),
    stall: chance(0.4),
    early: chance(0.4),
  };
  /** Processes that share the workers; what ends one ends all workers in it. */
  const processes = 1 + int(3);
  /** Nodes of a module that are with the workers at once. In most seeds there is no bound. */
  const WINDOW = h(seed, 'window') % 5 < 2 ? 1 + (h(seed, 'size') % 4) : 1e6;
  /** What the task has counted beside this run, in other runs of it. In most seeds it has no other. */
  const BESIDE = h(seed, 'beside') % 5 === 0 ? h(seed, 'errors') % TASKERR : 0;
  /** In one of four seeds the run may make so many requests, or yield so many items. */
  const CAP =
    h(seed, 'cap') % 4 > 0
      ? {}
      : h(seed, 'capOf') % 2
        ? { pages: h(seed, 'most') % 6 }
        : { items: 1 + (h(seed, 'most') % 6) };
  const nm = 1 + int(2),
    nph = 1 + int(3),
    V = 2 + int(4);
  const steps: { ph: number; compute: boolean }[] = [];
  for (let p = 0; p < nph; p++) {
    const k = 1 + int(2);
    for (let i = 0; i < k; i++) steps.push({ ph: p, compute: p > 0 && i === 0 ? chance(0.7) : chance(0.15) });
  }
  const firstOf = (p: number) => steps.findIndex((s) => s.ph === p);
  const nReq = (m: number, s: number, v: number) =>
    F.big && h(seed, 'big', m, s, v) % 4 === 0 ? 4 + (h(seed, m, s, v) % 5) : h(seed, 'nr', m, s, v) % 3; // zero is possible
  const nItem = (m: number, s: number, v: number, o: number, tag: string) =>
    (h(seed, 'ni', m, s, v, o) + (h(seed, 'vary') % 2 ? h(tag) % 2 : 0)) % 3;
  const kids = (m: number, s: number, v: number, o: number) => {
    const out: { step: number; val: number }[] = [];
    const k = h(seed, 'k', m, s, v, o) % 3;
    for (let i = 0; i < k; i++) {
      const cand = steps
        .map((_, j) => j)
        .filter(
          (j) => steps[j]!.ph === steps[s]!.ph || (steps[j]!.ph === steps[s]!.ph + 1 && h(seed, 'x', s, j) % 2 === 0),
        );
      out.push({ step: cand[h(seed, 'c', m, s, v, o, i) % cand.length]!, val: h(seed, 'v', m, s, v, o, i) % V });
    }
    return out;
  };
  const execs: Record<string, number> = {};
  const parseFails = (n: N) =>
    F.parseFail &&
    (() => {
      const q = h(seed, 'pf', n.m, n.step, n.val, n.ord) % 12;
      return q === 0 ? true : q < 4 ? (execs[n.id] ?? 0) <= q : false;
    })();
  const genFails = (n: N) =>
    F.genFail &&
    (() => {
      const q = h(seed, 'gf', n.m, n.step, n.val) % 10;
      return q === 0 ? true : q < 3 ? (execs[n.id] ?? 0) <= q : q < 5 ? n.ver === 0 && n.prefix !== '' : false;
    })(); // q 3,4: needs a fresh body
  const killsDl = (n: N) => F.poison && h(seed, 'kd', n.m, n.step, n.val, n.ord) % 9 === 0;
  const killsParse = (n: N) => F.poison && h(seed, 'kp', n.m, n.step, n.val, n.ord) % 9 === 1;

  // ---- SQL store (survives failover)
  const rows: Record<string, { tok: [number, number]; nonce: string; tag: string; n: number }> = {};
  const order = (t: string): [number, number] => {
    const [i, c] = t.split('.');
    return [Number(i), Number(c)];
  };
  const storeItems = (id: string, token: string, tag: string, n: number) => {
    if (R.items === 'token') {
      rows[`${id}|${token}`] = { tok: order(token), nonce: token, tag, n };
      return;
    }
    const t = order(token),
      cur = rows[id];
    if (cur) {
      const d = t[0] - cur.tok[0] || t[1] - cur.tok[1];
      if (R.itemsGE ? d < 0 : d <= 0 && cur.nonce !== token) {
        st('items_refused');
        return;
      }
    }
    if (R.items === 'plain' && n === 0) {
      delete rows[id];
      return;
    }
    rows[id] = { tok: t, nonce: token, tag, n };
  };

  const settleRows = () => {
    for (const k of Object.keys(rows)) {
      const n = S.nodes[k.split('|')[0]!];
      const row = rows[k]!;
      if (R.items === 'settle' && !(n && n.comm > 0 && n.tag === row.tag)) delete rows[k];
      if (R.items === 'token' && !(n && n.ctok === row.nonce)) delete rows[k];
    }
  };
  // ---- coordinator
  let S: State;
  let snap: State | undefined;
  let sinceSnap = 0,
    lastInc = 0;
  const fresh = (): State => ({
    run: { status: 'none', paused: false, why: '', openings: 0, completed: 0 },
    mods: [],
    nodes: {},
    due: {},
    gates: {},
    emitted: {},
    decided: {},
    counted: {},
    taskErrs: 0,
    staged: {},
    joins: {},
    commits: {},
    reorder: {},
    inc: 0,
    barrier: 0,
    claimLog: {},
    cap: { pages: 0, items: 0, reached: [], leftOut: 0 },
  });
  S = fresh();
  const terminal = (n: N) => n.s === 'done' || n.s === 'dead' || n.s === 'superseded';
  const key = (m: number, step: number, prefix: string, branch: string) =>
    `m${m}.s${step}${prefix ? `<${h(prefix).toString(36)}>` : ''}[${branch}]`;
  const hopId = (m: number, step: number, val: number, prefix: string) =>
    key(m, step, R.hopKey === 'prefix' ? prefix : '', `v${val}`);
  const reqId = (m: number, hop: N, ord: number) =>
    R.reqKey === 'hop' ? key(m, hop.step, '', `${hop.id}#${ord}`) : key(m, hop.step, hop.prefix || '-', `#${ord}`);
  const heldNow = (n: N) => {
    const M = S.mods[n.m]!;
    return R.heldPhase && (n.ph > M.front || (n.late && n.ph > M.cur));
  };
  const live = (n: N) =>
    S.run.status === 'open' &&
    S.mods[n.m]!.status === 'open' &&
    (!S.mods[n.m]!.closed[n.ph] || (n.reopened && R.lateCommit === 'latch'));

  /** Whether a cap leaves out what leads to requests, or everything. */
  const capStops = (kind: N['kind'], step: number) =>
    S.cap.reached.includes('items') || (S.cap.reached.includes('pages') && kind === 'hop' && !steps[step]!.compute);
  /** Whether a node that waits is left out: not claimed, and ended by the sweeper. */
  const isLeftOut = (n: N) =>
    !n.reopened && (n.s === 'pending' || n.s === 'retry' || n.s === 'fetched') && capStops(n.kind, n.step);
  const checkCaps = () => {
    const nodes = Object.values(S.nodes);
    const pages = nodes.filter((n) => n.kind === 'req').length;
    const items = nodes.reduce((sum, n) => sum + n.nItems, 0);
    if (S.cap.pages !== pages) fail('I13 the pages that are counted are not the requests that exist');
    if (S.cap.items !== items) fail('I13 the items that are counted are not those of the commits');
    if (CAP.pages !== undefined && pages > CAP.pages && !stats.replayed) fail('I13 more requests than the cap');
    if (S.cap.reached.length === 0 && nodes.some((n) => n.why === 'left_out')) fail('I13 left out before any cap');
  };
  const check = (where: string) => {
    checkCaps();
    for (const [mi, m] of S.mods.entries())
      for (let p = 0; p < nph; p++) {
        let o = 0,
          c = 0,
          d = 0,
          x = 0;
        for (const n of Object.values(S.nodes))
          if (n.m === mi && n.ph === p) {
            c++;
            if (n.s === 'done') d++;
            else if (terminal(n)) x++;
            else o++;
          }
        if (m.created[p] !== c || m.done[p] !== d || m.dead[p] !== x || m.open[p] !== o)
          fail(`I1 counters drift after ${where.split(' ')[0]}`);
      }
    for (const n of Object.values(S.nodes)) {
      const inDue = n.id in S.due;
      if (terminal(n) && inDue) fail('I2 terminal node in due');
      if (!terminal(n) && !inDue && !inHand.has(n.id)) fail(`I2 ${n.s} node not in due`);
    }
    for (const id of Object.keys(S.due)) if (!S.nodes[id]) fail('I2 due member without node');
  };
  const T = <X>(name: string, f: () => X): X => {
    if (F.failover && ++sinceSnap > 1 && chance(0.08)) {
      snap = structuredClone(S);
      sinceSnap = 0;
    }
    const x = f();
    st(`t_${name.split(' ')[0]}`);
    check(name);
    return x;
  };

  /** A node in any state but pending runs again, in its next epoch; what holds it is fenced off. */
  const again = (n: N, ver: number) => {
    const M = S.mods[n.m]!;
    if (terminal(n)) {
      if (n.s === 'done') M.done[n.ph]!--;
      else M.dead[n.ph]!--;
      M.open[n.ph]!++;
    }
    n.s = 'pending';
    n.epoch++;
    n.attempts = 0;
    n.crashes = 0;
    n.disp = 0;
    n.owner = '';
    n.token = '';
    n.lease = 0;
    n.rel = [];
    n.ver = Math.max(n.ver, ver);
    n.why = '';
    S.due[n.id] = now + GRACE;
  };
  /** Whether a hop that this node yields waits for the last opening of its phase. */
  const waitsForLast = (c: Child, parent: N | undefined, m: number) => {
    const M = S.mods[m]!,
      ph = steps[c.step]!.ph;
    if (!R.earlyWaits || c.kind !== 'hop' || !F.early || parent === undefined || ph <= M.cur) return false;
    // A compute hop must see whole phases, unless the hop that yields it is computed again itself.
    if (steps[c.step]!.compute) return parent.ph <= M.cur || parent.kind === 'req';
    return parent.ph <= M.cur && M.front > M.cur;
  };
  const isReady = (n: N) => (S.due[n.id] ?? 0) >= READY;
  /** Whether the node takes a place in its module's window. */
  const isInside = (n: N) =>
    n.s !== 'retry' && !terminal(n) && !isReady(n) && !n.late && (!R.windowFront || n.ph <= S.mods[n.m]!.front);
  const insideOf = (m: number) => Object.values(S.nodes).filter((n) => n.m === m && isInside(n)).length;
  /** Lets ready nodes in, if half of the window or less is taken: of the last phase that is open, in their order. */
  const letIn = (m: number): string[] => {
    if (S.run.paused || insideOf(m) > WINDOW / 2) return [];
    const ready = Object.values(S.nodes).filter((n) => n.m === m && isReady(n) && live(n) && !heldNow(n));
    ready.sort((one, other) => other.ph - one.ph || S.due[one.id]! - S.due[other.id]!);
    const entering = ready.slice(0, Math.min(BATCH, WINDOW - insideOf(m)));
    for (const n of entering) {
      n.disp++;
      S.due[n.id] = now + GRACE;
      st('let_in');
    }
    return entering.map((n) => n.id);
  };
  const create = (c: Child, m: number, parent: string): string | null => {
    const ex = S.nodes[c.id];
    const from = S.nodes[parent];
    if (ex) {
      const isOlder = from?.kind === 'hop' && ex.rev < from.rev && ex.s !== 'pending' && ex.s !== 'superseded';
      if (F.early && R.earlyAgain && ex.kind === 'hop' && steps[c.step]!.compute && isOlder) {
        again(ex, c.ver);
        st('computed_again');
        return ex.id;
      }
      st('gate_lost');
      if (ex.kind === 'hop' && c.kind === 'hop' && (ex.step !== c.step || ex.val !== c.val))
        fail('ID collision: different hops, one key');
      if (ex.kind === 'req' && ex.parent !== parent)
        fail('ID collision: requests of two hops share one key (the second is never made)');
      if (ex.s === 'superseded') {
        const M = S.mods[m]!;
        M.dead[ex.ph]!--;
        M.open[ex.ph]!++;
        ex.s = 'pending';
        ex.epoch++;
        ex.ver = c.ver;
        ex.prefix = c.prefix;
        S.due[ex.id] = now + GRACE;
        return ex.id;
      }
      if (R.fallback === 'wait' && ex.fb) {
        ex.fb = false;
        ex.ver = c.ver;
        ex.s = 'pending';
        ex.epoch++;
        S.due[ex.id] = now + GRACE;
        return ex.id;
      }
      return null;
    }
    const M = S.mods[m]!,
      ph = steps[c.step]!.ph;
    const isBeyond = c.kind === 'req' && CAP.pages !== undefined && S.cap.pages >= CAP.pages;
    if (!from?.reopened && (isBeyond || capStops(c.kind, c.step))) {
      if (isBeyond && !S.cap.reached.includes('pages')) S.cap.reached.push('pages');
      S.cap.leftOut++;
      st('left_out');
      return null;
    }
    if (c.kind === 'req') S.cap.pages++;
    S.nodes[c.id] = {
      id: c.id,
      kind: c.kind,
      s: 'pending',
      m,
      ph,
      step: c.step,
      val: c.val,
      ord: c.ord,
      parent,
      prefix: c.prefix,
      epoch: 0,
      attempts: 0,
      crashes: 0,
      disp: 0,
      owner: '',
      token: '',
      lease: 0,
      ver: c.ver,
      tag: '',
      nItems: 0,
      ctr: 0,
      why: '',
      fb: false,
      rel: [],
      comm: 0,
      ctok: '',
      hand: '',
      reopened: false,
      rev: 0,
      late: waitsForLast(c, from, m),
      early: false,
    };
    M.created[ph]!++;
    M.open[ph]!++;
    S.due[c.id] = now + GRACE;
    // It stands ready if its phase is held or the window is full; it is not notified then.
    const isHeld = R.heldPhase && (ph > M.front || S.nodes[c.id]!.late);
    if (WINDOW < 1e6 && !S.nodes[c.id]!.late && (isHeld || insideOf(m) > WINDOW)) {
      S.due[c.id] = READY + Object.keys(S.nodes).length;
      st('stood_ready');
    }
    if (Object.keys(S.nodes).length > 400) fail('UNBOUNDED: a cycle of equal hops never ends');
    return c.id;
  };
  const end = (n: N, to: 'done' | 'dead' | 'superseded', why: string) => {
    const M = S.mods[n.m]!;
    n.s = to;
    n.why = why;
    n.rel = [];
    M.open[n.ph]!--;
    if (to === 'done') M.done[n.ph]!++;
    else M.dead[n.ph]!++;
    delete S.due[n.id];
  };
  const M_ = (n: N) => S.mods[n.m]!;
  const wakeUps: string[] = []; // what the transition wants notified
  const openPhase = (mi: number, p: number, isEarly = false) => {
    const M = S.mods[mi]!;
    const k = `${mi}:${p}`;
    S.joins[k] = (S.joins[k] ?? 0) + 1;
    if (isEarly) M.openings[p]!++;
    if (S.joins[k]! > M.openings[p]!) fail('I5 a join fired twice');
    for (const n of Object.values(S.nodes)) {
      if (n.m !== mi || n.ph >= p || terminal(n) || M.closed[n.ph]) continue;
      // An early opening waits for the phases that it has opened itself, without what comes in for the last one.
      if (!isEarly || (n.ph > M.cur && !n.late)) fail('I5 a join fired early');
    }
    const f = firstOf(p);
    const opener = S.nodes[hopId(mi, f, -1, '')];
    const runsAgain = opener && opener.rev > 0 && opener.rev < M.rev && opener.s !== 'pending';
    if (steps[f]!.compute && runsAgain && (terminal(opener) || R.earlyRestart)) {
      again(opener, 0);
      wakeUps.push(opener.id);
    } else if (steps[f]!.compute) {
      const id = create(
        { id: hopId(mi, f, -1, ''), kind: 'hop', step: f, val: -1, ord: 0, ver: 0, prefix: '' },
        mi,
        'join',
      );
      if (id) wakeUps.push(id);
    }
    for (const n of Object.values(S.nodes))
      if (n.m === mi && n.ph === p && n.s === 'pending' && !(isEarly && n.late)) {
        if (!isReady(n)) S.due[n.id] = Math.min(S.due[n.id]!, now);
      } // held ones become due (in the proposal: one ZADD of the phase)
  };
  const settlePhase = (mi: number, ph: number) => {
    const M = S.mods[mi]!;
    if (M.status !== 'open') {
      if (M.open.every((o) => o === 0) && M.status === 'terminated') finishRun();
      return;
    }
    if (!R.joinLatch && ph < M.cur && M.open[ph] === 0) {
      // the literal rule: "when it reaches 0 the same script starts the next phase"
      const k = `${mi}:${ph + 1}`;
      S.joins[k] = (S.joins[k] ?? 0) + 1;
      if (S.joins[k]! > 1) fail('I5 a join fired twice');
    }
    while (M.cur < nph && (M.open[M.cur] === 0 || M.closed[M.cur])) {
      M.closed[M.cur] ||= 'settled';
      // Whatever the early opening has begun, the later phases open again.
      if (M.front > M.cur) M.rev++;
      M.cur++;
      M.front = M.cur;
      if (M.cur < nph) openPhase(mi, M.cur);
      else break;
      if (!R.heldPhase && M.open[M.cur] === 0) continue;
    }
    if (M.front > M.cur) openFurther(mi);
    if (M.cur >= nph && M.status === 'open' && M.open.every((o) => o === 0)) {
      M.status = 'done';
      finishRun();
    }
  };
  /** An early opening goes on to the next phase when those that it has opened are empty, but for what waits for the last opening. */
  const openFurther = (mi: number) => {
    const M = S.mods[mi]!;
    const isEmpty = (p: number) =>
      !Object.values(S.nodes).some((n) => n.m === mi && n.ph === p && !terminal(n) && !n.late);
    while (M.front < nph && isEmpty(M.front)) {
      M.front++;
      if (M.front < nph) openPhase(mi, M.front, true);
    }
  };
  const finishRun = () => {
    if (S.run.status !== 'open') return;
    if (S.mods.every((m) => m.status === 'done' || (m.status === 'terminated' && m.open.every((o) => o === 0)))) {
      S.run.status = 'closing';
      S.run.completed++;
      if (S.run.completed > S.run.openings) fail('RunCompleted twice in one opening');
    }
  };

  const C = {
    run_open: () =>
      T('run_open', () => {
        if (S.run.status !== 'none') return 1;
        S.run.status = 'open';
        S.run.openings = 1;
        for (let m = 0; m < nm; m++) {
          const z = () =>
            steps
              .map(() => 0)
              .slice(0, nph)
              .concat(Array(nph).fill(0))
              .slice(0, nph);
          S.mods.push({
            status: 'open',
            cur: 0,
            open: z(),
            created: z(),
            done: z(),
            dead: z(),
            closed: Array(nph).fill(''),
            fired: [],
            errs: 0,
            front: 0,
            rev: 1,
            early: 'none',
            openings: Array(nph).fill(1),
          });
          const k = 1 + (h(seed, 'st', m) % 3);
          const f = firstOf(0);
          for (let i = 0; i < k; i++)
            create({ id: hopId(m, f, i % V, ''), kind: 'hop', step: f, val: i % V, ord: 0, ver: 0, prefix: '' }, m, '');
        }
        return 0;
      }),
    claim: (
      id: string,
      epoch: number,
      owner: string,
      { stage = 'parse', alone = false } = {},
    ): { code: number; token?: string; n?: N } =>
      T('claim', () => {
        if (S.run.status === 'none' || S.run.status === 'closing' || S.run.status === 'closed') return { code: 7 };
        if (S.run.status === 'cancelled') return { code: 5 };
        if (now < S.barrier) return { code: 4 };
        const n = S.nodes[id];
        if (!n) return { code: 3 };
        if (S.mods[n.m]!.status === 'terminated') return { code: 5 };
        if (S.run.paused) {
          return { code: 6 };
        }
        if (R.claimNonce && n.s === 'processing' && n.owner === owner)
          return { code: 0, token: n.token, n: structuredClone(n) };
        if (n.s === 'done' || n.s === 'superseded' || n.s === 'dead') return { code: n.s === 'dead' ? 5 : 1 };
        if (epoch < n.epoch) return { code: 2 };
        if (epoch > n.epoch && R.epochAhead === 'unknown') return { code: 3 };
        if (!live(n) || isLeftOut(n)) return { code: 5 };
        if (R.claimState === 'strict') {
          if (n.s === 'processing' || n.s === 'failed' || n.s === 'releasing') return { code: 4 };
          if (n.s === 'fetched' && stage === 'fetch') return { code: 4 };
          if (n.s === 'retry') return { code: 4 }; // due_take makes it pending when its time has come
          if (heldNow(n)) return { code: 4 };
        } else if (n.lease > now || n.s === 'releasing') return { code: 4 };
        if (R.suspects === 'alone' && n.crashes >= SUSPECT && !alone) return { code: 8 };
        if (n.s === 'failed') fail('CLAIM executes a node that waits for its decision');
        if (n.s === 'processing') st('claim_took_over_expired');
        if (!live(n)) fail('I7 claim after termination');
        if (n.ph > S.mods[n.m]!.front) fail('I5 a hop of a later phase ran before the join');
        n.rev = S.mods[n.m]!.rev;
        n.early = n.ph > S.mods[n.m]!.cur;
        n.s = 'processing';
        n.owner = owner;
        n.ctr++;
        n.token = `${S.inc}.${n.ctr}.${++uid}`;
        n.lease = now + LEASE;
        S.due[id] = n.lease;
        return { code: 0, token: n.token, n: structuredClone(n) };
      }),
    peek: (id: string, epoch: number) => {
      const n = S.nodes[id];
      if (
        !n ||
        !live(n) ||
        S.run.paused ||
        terminal(n) ||
        epoch < n.epoch ||
        n.s === 'processing' ||
        n.s === 'failed' ||
        n.s === 'releasing'
      )
        return false;
      return true;
    },
    handback: (id: string, token: string) =>
      T('handback', () => {
        const n = S.nodes[id];
        if (!n) return 1;
        if (n.s === 'fetched' && n.token === token) return 0;
        if (n.s !== 'processing' || n.token !== token) return 1;
        if (!live(n)) return 1;
        n.s = 'fetched';
        n.lease = 0;
        S.due[id] = now + GRACE * 2;
        return 0;
      }),
    renew: (id: string, token: string) =>
      T('renew', () => {
        const n = S.nodes[id];
        if (n?.s !== 'processing' || n.token !== token) return 1;
        n.lease = now + LEASE;
        S.due[id] = n.lease;
        return 0;
      }),
    stage: (id: string, token: string, c: Child[]) =>
      T('stage', () => {
        const n = S.nodes[id];
        if (n?.s !== 'processing' || n.token !== token) return 1;
        S.staged[`${id}|${token}`] ??= [];
        const L = S.staged[`${id}|${token}`]!;
        for (const x of c) if (!L.some((y) => y.id === x.id)) L.push(x);
        return 0;
      }),
    commit: (
      id: string,
      token: string,
      children: Child[],
      useStaged: number,
      tag: string,
      nItems: number,
      hand: string,
    ): { code: number; notified: string[]; next?: { id: string; token: string; n: N } | undefined } =>
      T('commit', () => {
        const n = S.nodes[id];
        if (!n) return { code: 1, notified: [] };
        if (n.token === token && (n.s === 'done' || n.s === 'releasing' || n.why === 'left_out')) {
          const c = n.hand ? S.nodes[n.hand] : undefined;
          return {
            code: 3,
            notified: [],
            ...(c && c.owner === hand && c.s === 'processing'
              ? { next: { id: c.id, token: c.token, n: structuredClone(c) } }
              : {}),
          };
        }
        if (n.token !== token || n.s !== 'processing') return { code: 1, notified: [] };
        if (!live(n)) return { code: 2, notified: [] };
        if (useStaged && R.stagedCount && (S.staged[`${id}|${token}`] ?? []).length !== useStaged) {
          st('staged_mismatch');
          return { code: 1, notified: [] };
        }
        wakeUps.length = 0;
        const k = `${id}@${n.epoch}`;
        S.commits[k] = (S.commits[k] ?? 0) + 1;
        if (S.commits[k]! > 1) fail('I3 a node committed twice in one epoch');
        S.cap.items += nItems - (R.capReplaces ? n.nItems : 0);
        if (CAP.items !== undefined && S.cap.items >= CAP.items && !S.cap.reached.includes('items')) {
          S.cap.reached.push('items');
          st('cap_items');
        }
        n.tag = tag;
        n.nItems = nItems;
        n.comm++;
        n.ctok = token;
        if (useStaged) {
          const list = S.staged[`${id}|${token}`] ?? [];
          for (const q of Object.keys(S.staged)) if (q.startsWith(`${id}|`)) delete S.staged[q];
          if (R.staged === 'pump') {
            n.s = 'releasing';
            n.rel = list;
            S.due[id] = now + GRACE;
            return { code: 0, notified: [] };
          }
          if (list.length > BATCH) {
            st('unbounded_script');
            fail('a final commit moves all staged children in one script');
          }
          children = list;
        }
        const leftOut = S.cap.leftOut;
        const existing = children.filter((c) => S.nodes[c.id]).length;
        const ids = children.map((c) => create(c, n.m, id)).filter((x) => x !== null) as string[];
        // A hop of which a cap has left nothing is neither done nor failed.
        const isNothing = n.kind === 'hop' && S.cap.leftOut > leftOut && existing + ids.length === 0 && nItems === 0;
        end(n, isNothing ? 'dead' : 'done', isNothing ? 'left_out' : '');
        settlePhase(n.m, n.ph);
        let next: { id: string; token: string; n: N } | undefined;
        if (hand && ids.length === 1) {
          const c = S.nodes[ids[0]!]!;
          const okc = !S.run.paused && live(c) && !heldNow(c) && c.s === 'pending';
          if (R.handoverChecks ? okc : true) {
            if (S.run.paused) fail('handed a node over in a paused run');
            if (!live(c) || heldNow(c)) fail('handed over a node of a closed or future phase');
            c.rev = S.mods[c.m]!.rev;
            c.early = c.ph > S.mods[c.m]!.cur;
            c.s = 'processing';
            c.owner = hand;
            c.ctr++;
            c.token = `${S.inc}.${c.ctr}.${++uid}`;
            c.lease = now + LEASE;
            S.due[c.id] = c.lease;
            n.hand = c.id;
            next = { id: c.id, token: c.token, n: structuredClone(c) };
            st('handover');
          }
        }
        return { code: 0, notified: [...(next ? [] : ids), ...wakeUps], next };
      }),
    release: (id: string) =>
      T('release', () => {
        // pump: staged children in bounded batches; the last one ends the parent
        const n = S.nodes[id];
        if (n?.s !== 'releasing') return { more: false, notified: [] as string[] };
        wakeUps.length = 0;
        if (!live(n)) {
          n.rel = [];
        }
        const part = n.rel.splice(0, BATCH);
        const ids = part.map((c) => create(c, n.m, id)).filter((x) => x !== null) as string[];
        S.due[id] = now + GRACE;
        if (n.rel.length === 0) {
          end(n, 'done', '');
          settlePhase(n.m, n.ph);
          return { more: false, notified: [...ids, ...wakeUps] };
        }
        return { more: true, notified: ids };
      }),
    commit_error: (id: string, token: string, gen: boolean) =>
      T('commit_error', () => {
        const n = S.nodes[id];
        if (!n) return 2;
        if (n.token !== token || n.s !== 'processing') {
          if (n.token === token && n.s === 'failed') return 1;
          if (R.fenceRelease && n.s === 'processing' && n.lease > now) {
            n.lease = 0;
            fail('commit_error of a zombie released the lease of the new holder');
          }
          return 2;
        }
        n.lease = 0;
        if (!live(n)) {
          return 2;
        }
        n.s = 'failed';
        n.why = gen ? 'gen' : 'parse';
        S.due[id] = now + DGRACE;
        const k = `${id}@${n.epoch}`;
        if (S.emitted[k]) return 1;
        S.emitted[k] = 1;
        return 0;
      }),
    decide: (id: string, epoch: number) =>
      T('decide', () => {
        const n = S.nodes[id];
        if (!n) return 0;
        const k = `${id}@${epoch}`;
        if (S.decided[k]) return S.decided[k];
        if (n.epoch !== epoch || n.s !== 'failed') return 'none';
        if (R.fallback === 'wait' && n.fb) return 'wait';
        const M = S.mods[n.m]!;
        if (!live(n)) return 'closed';
        // fallback: policy computed in the caller, applied here
        if (n.why === 'gen' && n.kind === 'hop' && n.prefix && !S.gates[`fb:${n.m}:${n.step}:${n.prefix}`]) {
          const p = S.nodes[n.prefix];
          const okPhase = !R.fallbackPhase || (p && p.ph === n.ph && !S.mods[n.m]!.closed[p.ph]);
          if (p && okPhase && p.s !== 'dead' && p.s !== 'superseded') {
            S.gates[`fb:${n.m}:${n.step}:${n.prefix}`] = 1;
            st('fallback');
            if (p.s === 'done') {
              M.done[p.ph]!--;
              M.open[p.ph]!++;
              p.s = 'pending';
              p.epoch++;
              p.ver++;
              p.attempts = 0;
              p.crashes = 0;
              p.disp = 0;
              S.due[p.id] = now + GRACE;
              if (M.closed[p.ph]) {
                st('fallback_in_closed_phase');
                fail('FALLBACK re-opened a request of a closed phase: its commit is refused, the hop is lost');
              }
            }
            if (R.fallback === 'supersede') end(n, 'superseded', 'fallback');
            else {
              n.fb = true;
              S.due[id] = now + DGRACE;
            }
            S.decided[k] = 'fallback';
            return `fallback:${p.id}`;
          }
        }
        if (!S.counted[k]) {
          S.counted[k] = 1;
          M.errs++;
          S.taskErrs++;
        }
        if (M.errs >= MODERR) {
          S.decided[k] = 'terminate_module';
          C.mark(n.m, 'threshold');
          if (R.continueIs === 'dead' && !terminal(n)) end(n, 'dead', 'terminated');
          settlePhase(n.m, n.ph);
          finishRun();
          return 'terminate_module';
        }
        if (S.taskErrs + BESIDE >= TASKERR) {
          S.decided[k] = 'terminate_task';
          for (let m = 0; m < nm; m++) C.mark(m, 'threshold');
          if (R.continueIs === 'dead' && !terminal(n)) end(n, 'dead', 'terminated');
          finishRun();
          return 'terminate_task';
        }
        if (n.attempts + 1 < ATT) {
          n.attempts++;
          n.epoch++;
          n.s = 'retry';
          S.due[id] = now + 5 + int(20);
          S.decided[k] = 'retry';
          return 'retry';
        }
        S.decided[k] = 'continue';
        if (R.continueIs === 'dead') {
          end(n, 'dead', 'attempts');
          settlePhase(n.m, n.ph);
        }
        return 'continue';
      }),
    retry_schedule: (id: string, _epoch: number) =>
      T('retry_schedule', () => {
        const n = S.nodes[id];
        if (n?.s !== 'retry') return 1;
        if (n.attempts >= ATT) return 2;
        n.attempts++;
        if (n.attempts > 2 && n.epoch < 2) fail('attempts counted twice: decide and etm_retry_schedule both add one');
        return 0;
      }),
    mark: (m: number, why: string) => {
      const M = S.mods[m]!;
      if (M.status !== 'open') return;
      M.status = 'terminated';
      log(`terminated m${m} ${why}`);
    },
    terminate: (m: number) =>
      T('terminate', () => {
        C.mark(m, 'operator');
        finishRun();
      }),
    pause: () =>
      T('pause', () => {
        if (S.run.status !== 'open') return;
        S.run.paused = true;
        if (R.park === 'inf')
          for (const n of Object.values(S.nodes))
            if (n.s === 'pending' || n.s === 'retry' || n.s === 'fetched') {
              n.s = 'parked';
              S.due[n.id] = Infinity;
            }
      }),
    resume: () =>
      T('resume', () => {
        S.run.paused = false;
        if (R.park === 'inf')
          for (const n of Object.values(S.nodes))
            if (n.s === 'parked') {
              n.s = 'pending';
              S.due[n.id] = now;
            }
      }),
    cancel: () =>
      T('cancel', () => {
        if (S.run.status !== 'open') return;
        S.run.status = 'cancelled';
        S.run.why = 'cancelled';
      }),
    phase_close: (m: number, p: number) =>
      T('phase_close', () => {
        const M = S.mods[m]!;
        if (S.run.status !== 'open' || M.status !== 'open' || M.cur !== p || M.closed[p]) return 1;
        wakeUps.length = 0;
        M.closed[p] = 'deadline';
        st('deadline');
        if (!R.drain)
          for (const n of Object.values(S.nodes))
            if (n.m === m && n.ph === p && !terminal(n)) end(n, 'dead', 'deadline');
        settlePhase(m, p);
        return 0;
      }),
    early_open: (m: number) =>
      T('early_open', () => {
        const M = S.mods[m]!;
        if (S.run.status !== 'open' || M.status !== 'open' || M.early !== 'none') return 1;
        M.early = 'over';
        const hasLater = steps.some(
          (step, i) => step.ph > M.cur && step.ph > 0 && step.compute && i === firstOf(step.ph),
        );
        if (M.cur >= nph || !hasLater) return 1;
        M.early = 'opened';
        st('early_opened');
        wakeUps.length = 0;
        M.front = M.cur + 1;
        openPhase(m, M.front, true);
        openFurther(m);
        return 0;
      }),
    recover: (id: string) =>
      T('recover', () => {
        const n = S.nodes[id];
        if (n?.s !== 'processing') return 2;
        if (n.lease > now) return 1;
        n.crashes++;
        if (workers.some((w) => w.holds === id)) outlived.add(id);
        if (n.crashes >= CRASH) {
          const isGuilty = killsDl(n) || killsParse(n);
          // Nothing but a poisoned node ends a process here.
          if (!isGuilty && F.poison && F.crash === 0 && !F.failover && !outlived.has(id))
            fail('an innocent node died with its poisoned neighbours');
          end(n, 'dead', 'crashes');
          settlePhase(n.m, n.ph);
          return 0;
        }
        n.s = 'pending';
        n.epoch++;
        n.token = '';
        n.owner = '';
        n.disp++;
        S.due[id] = now + GRACE;
        return 0;
      }),
    due_take: () =>
      T('due_take', () => {
        // returns nodes to look at
        const out: string[] = [];
        for (const [id, t] of Object.entries(S.due)) {
          if (out.length >= BATCH) break;
          const n = S.nodes[id]!;
          const dying = R.drain && !live(n);
          if (dying && R.park === 'inf' && t > now) continue;
          if (dying) {
            if (n.reopened && n.epoch > 0 && M_(n).status === 'open' && S.run.status === 'open')
              fail('REPLAY of a node of a closed phase can never commit');
            end(
              n,
              'dead',
              S.run.status === 'cancelled'
                ? 'cancelled'
                : S.mods[n.m]!.status === 'terminated'
                  ? 'terminated'
                  : 'deadline_exceeded',
            );
            if (S.run.status === 'cancelled') {
              if (Object.keys(S.due).length === 0) S.run.completed++;
            } else {
              settlePhase(n.m, n.ph);
            }
            out.push('');
            continue;
          }
          if (R.capDrain && isLeftOut(n)) {
            end(n, 'dead', 'left_out');
            S.cap.leftOut++;
            st('cap_drained');
            settlePhase(n.m, n.ph);
            out.push('');
            continue;
          }
          if (t > now) continue;
          if (R.park === 'index' && S.run.paused) continue;
          if (heldNow(n)) continue;
          if (n.s === 'pending' || n.s === 'retry') {
            n.disp++;
            if (R.dispatchBudget && R.fetch !== 'claim' && n.kind === 'req' && n.disp > DISP) {
              end(n, 'dead', 'undelivered');
              settlePhase(n.m, n.ph);
              continue;
            }
          }
          if (n.s === 'retry' && WINDOW < 1e6 && insideOf(n.m) >= WINDOW) {
            n.s = 'pending';
            S.due[id] = READY;
            st('retry_stood_ready');
            continue;
          }
          if (n.s === 'retry' && R.retryPending) n.s = 'pending';
          if (n.s === 'fetched') {
            n.s = 'pending';
            n.disp++;
          }
          out.push(id);
          if (R.dueTake === 'pop') {
            delete S.due[id];
            inHand.add(id);
          } else
            S.due[id] =
              now +
              (n.s === 'failed'
                ? DGRACE
                : n.s === 'processing'
                  ? GRACE
                  : GRACE * (R.ringBackoff ? 2 ** Math.min(n.disp - 1, 5) : 1));
        }
        if (R.windowSweep) for (let m = 0; m < nm; m++) if (S.mods[m]) out.push(...letIn(m));
        return out.filter(Boolean);
      }),
    window_fill: (m: number) => T('window_fill', () => letIn(m)),
    put_back: (id: string) =>
      T('put_back', () => {
        inHand.delete(id);
        const n = S.nodes[id];
        if (n && !terminal(n) && !(id in S.due)) S.due[id] = now + GRACE;
      }),
    replay: (id: string) =>
      T('replay', () => {
        const n = S.nodes[id];
        if (n?.s !== 'dead') return 1;
        const M = S.mods[n.m]!;
        if (R.drain && Object.values(S.nodes).some((x) => !terminal(x) && !live(x))) return 2; // still draining
        M.dead[n.ph]!--;
        M.open[n.ph]!++;
        n.s = 'pending';
        n.epoch++;
        S.due[id] = now;
        n.why = '';
        n.reopened = true;
        st('replayed');
        if (!R.replayResets) {
          if (M.status === 'terminated') fail('REPLAY into a terminated module: ended again at once');
          else if (n.attempts + 1 >= ATT || n.crashes + 1 >= CRASH)
            fail('REPLAY with a spent budget: one failure and it is dead again');
        }
        if (S.run.status !== 'open') {
          S.run.status = 'open';
          S.run.openings++;
        }
        if (M.status === 'done') M.status = 'open';
        if (R.replayResets) {
          n.attempts = 0;
          n.crashes = 0;
          n.disp = 0;
          M.errs = 0;
          S.taskErrs = 0;
          if (M.status === 'terminated') M.status = 'open';
          for (const x of S.mods) if (x.status === 'terminated' && x.open.some((o) => o)) x.status = 'open';
        }
        if (R.replayCloses) {
          wakeUps.length = 0;
          for (let q = 0; q < nm; q++) if (S.mods[q]!.status === 'open') settlePhase(q, S.mods[q]!.cur);
        }
        return 0;
      }),
    run_audit: () => {
      for (const M of S.mods)
        for (let p = 0; p < nph; p++) {
          M.open[p] = M.created[p] = M.done[p] = M.dead[p] = 0;
        }
      for (const n of Object.values(S.nodes)) {
        const M = S.mods[n.m]!;
        M.created[n.ph]!++;
        if (n.s === 'done') M.done[n.ph]!++;
        else if (terminal(n)) M.dead[n.ph]!++;
        else M.open[n.ph]!++;
        if (!terminal(n) && !isReady(n)) S.due[n.id] = Math.min(S.due[n.id] ?? now, now + GRACE);
      }
    },
  };
  const inHand = new Set<string>(); // popped ids; excused from I2 while the sweeper that popped them lives
  // ---- bus
  type Msg = {
    k: 'task' | 'request' | 'response' | 'error';
    id: string;
    epoch: number;
    at: number;
    n?: N;
    fails?: boolean;
  };
  const bus: Msg[] = [];
  let faults = true;
  const dlCount: Record<string, number> = {};
  type W = {
    g: Generator<void, void, void>;
    msg: Msg | undefined;
    stall: number;
    name: string;
    process: number;
    /** The node whose lease it holds. */
    holds: string | undefined;
  };
  let workers: W[] = [];
  /** Nodes that lost a lease to its end, while their worker lived on. */
  const outlived = new Set<string>();
  /** The worker that takes its step. */
  let self: W;
  /** Per process the worker that makes room for a suspect, or executes one. */
  const closedBy: (W | undefined)[] = [];
  const isClosed = () => closedBy[self.process] !== undefined && closedBy[self.process] !== self;
  const holdersBeside = () => workers.filter((w) => w !== self && w.process === self.process && w.holds !== undefined);
  const publish = (m: Msg) => {
    st('msgs');
    if (faults && chance(F.lose)) {
      st('lost');
      return;
    }
    bus.push({ ...m, at: now + (chance(0.3) ? int(30) : 0) });
    if (faults && chance(F.dup)) {
      st('duped');
      bus.push({ ...m, at: now + int(80) });
    }
  };
  const notify = (id: string) => {
    const n = S.nodes[id];
    if (!n || terminal(n) || isReady(n)) return;
    const k = n.s === 'failed' ? 'error' : n.kind === 'req' ? 'request' : 'task';
    const m: Msg = { k, id, epoch: n.epoch, at: now };
    if (chance(0.3)) {
      spawn(m, false);
      return;
    }
    publish(m);
  };
  const rpc = <X>(f: () => X): X => {
    let x = f();
    if (faults && chance(F.resend)) {
      st('resent');
      const y = f();
      const [first, again] = [x, y] as Partial<Record<'code' | 'token', unknown>>[];
      if (first?.token && first.code === 0 && again?.code === 4 && now >= S.barrier)
        fail('P3 a re-sent claim is refused to its own caller: the node sleeps for a lease and loses a crash');
      x = y;
    }
    return x;
  };
  const spawn = (m: Msg, fromBus: boolean) => {
    const g = m.k === 'task' ? hopW(m) : m.k === 'request' ? dlW(m) : m.k === 'response' ? parseW(m) : errW(m);
    workers.push({ g, msg: fromBus ? m : undefined, stall: 0, name: m.k, process: int(processes), holds: undefined });
  };

  const finish = function* (
    id: string,
    token: string,
    n: N,
    children: Child[],
    tag: string,
    ni: number,
  ): Generator<void, void, void> {
    yield;
    if (ni > 0 || n.kind === 'req' || steps[n.step]!.compute) storeItems(id, token, tag, ni);
    yield;
    let useStaged = false;
    if (children.length > BATCH) {
      useStaged = true;
      for (let i = 0; i < children.length; i += BATCH) {
        if (rpc(() => C.stage(id, token, children.slice(i, i + BATCH))) !== 0) {
          st('fenced');
          return;
        }
        yield;
      }
    }
    // While a process makes room, or executes a suspect, it claims no child.
    const hand = F.hand && !useStaged && closedBy[self.process] === undefined ? `h${++uid}` : '';
    const c = rpc(() => C.commit(id, token, useStaged ? [] : children, useStaged ? children.length : 0, tag, ni, hand));
    st(`commit_${c.code}`);
    yield;
    if (c.code === 1 || c.code === 2) return;
    if (useStaged && R.staged === 'pump') {
      for (;;) {
        const q = rpc(() => C.release(id));
        for (const x of q.notified) notify(x);
        if (!q.more) break;
        yield;
      }
    }
    for (const x of c.notified) {
      notify(x);
      yield;
    }
    if (WINDOW < 1e6) for (const x of rpc(() => C.window_fill(n.m))) notify(x);
    self.holds = c.next?.id;
    if (c.next) {
      const m = c.next.n;
      if (m.kind === 'hop') yield* runHop(c.next.id, c.next.token, m);
      else {
        dlCount[m.id] = (dlCount[m.id] ?? 0) + 1;
        if (killsDl(m)) throw new Crash();
        yield;
        yield* runParse(c.next.id, c.next.token, m);
      }
    }
  };
  const hopKids = (n: N, list: { step: number; val: number }[], prefix: string, ver: number): Child[] => {
    const seen = new Set<string>();
    const out: Child[] = [];
    for (const k of list) {
      const id = hopId(n.m, k.step, k.val, prefix);
      if (seen.has(id)) continue;
      seen.add(id);
      out.push({ id, kind: 'hop', step: k.step, val: k.val, ord: 0, ver, prefix });
    }
    return out;
  };
  const runHop = function* (id: string, token: string, n: N): Generator<void, void, void> {
    execs[id] = (execs[id] ?? 0) + 1;
    yield;
    if (chance(0.2)) {
      if (rpc(() => C.renew(id, token)) !== 0) {
        st('renew_fenced');
        return;
      }
      yield;
    }
    if (genFails(n)) {
      const c = rpc(() => C.commit_error(id, token, true));
      yield;
      if (c < 2) publish({ k: 'error', id, epoch: n.epoch, at: now });
      return;
    }
    const tag = `x${++uid}`;
    if (steps[n.step]!.compute) {
      // reads the rows of the earlier phases
      for (const [rid, row] of Object.entries(rows)) {
        const q = S.nodes[rid.split('|')[0]!];
        if (!q || q.m !== n.m || q.ph >= n.ph) {
          if (!q && R.items === 'plain' && row.n) fail('I6 a join read rows of a node that no longer exists');
          continue;
        }
        const visible =
          R.items === 'token' ? q.ctok === row.nonce : R.items === 'settle' ? q.comm > 0 && q.tag === row.tag : true;
        if (visible && row.n > 0 && !(q.comm > 0 && q.tag === row.tag))
          fail('I6 a join read rows of an attempt that never committed');
      }
      yield* finish(
        id,
        token,
        n,
        hopKids(
          n,
          n.val === -1
            ? [0, 1].slice(0, h(seed, 'jk', n.m, n.step) % 3).flatMap((i) => kids(n.m, n.step, n.val, i))
            : kids(n.m, n.step, n.val, 0),
          '',
          n.ver,
        ),
        tag,
        nItem(n.m, n.step, n.val, 0, tag),
      );
    } else {
      const out: Child[] = [];
      for (let i = 0; i < nReq(n.m, n.step, n.val); i++)
        out.push({ id: reqId(n.m, n, i), kind: 'req', step: n.step, val: n.val, ord: i, ver: n.ver, prefix: n.prefix });
      if (!out.length) st('zero_request_hop');
      yield* finish(id, token, n, out, tag, 0);
    }
  };
  const runParse = function* (id: string, token: string, n: N): Generator<void, void, void> {
    execs[id] = (execs[id] ?? 0) + 1;
    yield;
    if (killsParse(n)) throw new Crash();
    if (parseFails(n)) {
      const c = rpc(() => C.commit_error(id, token, false));
      yield;
      if (c < 2) publish({ k: 'error', id, epoch: n.epoch, at: now });
      return;
    }
    const tag = `x${++uid}`;
    yield* finish(
      id,
      token,
      n,
      hopKids(n, kids(n.m, n.step, n.val, n.ord), id, n.ver),
      tag,
      nItem(n.m, n.step, n.val, n.ord, tag),
    );
  };
  /** Claims a node, a suspect when nothing else is held in this process; undefined when it is refused or put off. */
  const claimW = function* (m: Msg, stage: string): Generator<void, { token: string; n: N } | undefined, void> {
    if (isClosed()) {
      st('put_off');
      bus.push({ ...m, at: now + 20 });
      return undefined;
    }
    const owner = `o${++uid}`;
    let c = rpc(() => C.claim(m.id, m.epoch, owner, { stage }));
    st(`claim_${c.code}`);
    if (c.code === 8) {
      closedBy[self.process] = self;
      while (holdersBeside().length > 0) yield;
      const again = `o${++uid}`;
      c = rpc(() => C.claim(m.id, m.epoch, again, { stage, alone: true }));
      st(`claim_alone_${c.code}`);
    }
    if (c.code !== 0) return undefined;
    if (isClosed()) fail('I11 a node was claimed beside a suspect');
    if (closedBy[self.process] === self && holdersBeside().length > 0) fail('I11 a suspect is not alone');
    self.holds = m.id;
    return { token: c.token!, n: c.n! };
  };
  const hopW = function* (m: Msg): Generator<void, void, void> {
    yield;
    const held = yield* claimW(m, 'parse');
    yield;
    if (held) yield* runHop(m.id, held.token, held.n);
  };
  const dlW = function* (m: Msg): Generator<void, void, void> {
    yield;
    let tok = '';
    if (R.fetch === 'peek' && !C.peek(m.id, m.epoch)) {
      st('peek_refused');
      return;
    }
    if (R.fetch === 'claim') {
      const held = yield* claimW(m, 'fetch');
      if (!held) return;
      tok = held.token;
    }
    yield;
    const n = S.nodes[m.id];
    if (!n) {
      st('dl_unknown');
      return;
    }
    dlCount[m.id] = (dlCount[m.id] ?? 0) + 1;
    st('downloads');
    if (!live(n)) st('download_after_end');
    if (S.run.paused) st('download_while_paused');
    const nn = structuredClone(n);
    if (killsDl(nn)) throw new Crash();
    const k = F.longDl ? int(60) : 2;
    for (let i = 0; i < k; i++) {
      yield;
      if (tok && i % 5 === 4 && rpc(() => C.renew(m.id, tok)) !== 0) {
        st('renew_fenced');
        return;
      }
    }
    if (tok) {
      if (chance(0.3)) {
        yield* runParse(m.id, tok, nn);
        return;
      } // the parser is in this process: the lease stays
      if (rpc(() => C.handback(m.id, tok)) !== 0) {
        st('handback_fenced');
        return;
      }
      self.holds = undefined;
      yield;
    }
    publish({ k: 'response', id: m.id, epoch: tok ? nn.epoch : m.epoch, at: now });
    yield;
  };
  const parseW = function* (m: Msg): Generator<void, void, void> {
    yield;
    const held = yield* claimW(m, 'parse');
    yield;
    if (held) yield* runParse(m.id, held.token, held.n);
  };
  const errW = function* (m: Msg): Generator<void, void, void> {
    yield;
    const d = rpc(() => C.decide(m.id, m.epoch));
    yield;
    if (typeof d === 'string' && d.startsWith('fallback:')) notify(d.slice(9));
    if (R.decideBoth && d === 'retry') rpc(() => C.retry_schedule(m.id, m.epoch));
  };
  const sweepW = function* (): Generator<void, void, void> {
    const ids = C.due_take();
    yield;
    for (const id of ids) {
      const n = S.nodes[id];
      if (!n || terminal(n)) {
        inHand.delete(id);
        continue;
      }
      if (n.s === 'processing') {
        rpc(() => C.recover(id));
        const q = S.nodes[id];
        if (q && q.s === 'pending') {
          yield;
          notify(id);
        }
      } else if (n.s === 'releasing') {
        for (;;) {
          const q = C.release(id);
          for (const x of q.notified) notify(x);
          if (!q.more) break;
          yield;
        }
      } else {
        notify(id);
      }
      if (R.dueTake === 'pop') C.put_back(id);
      yield;
    }
  };

  // I2 with the literal pop: only nodes in the hand of a living sweeper are excused
  // ---- run
  C.run_open();
  for (const id of Object.keys(S.nodes)) notify(id);
  const dl = Array.from({ length: nm }, () => (F.deadline ? 60 + int(200) : Infinity));
  const earlyAt = Array.from({ length: nm }, () => 20 + int(250));
  const failover = () => {
    if (!snap) return;
    st('failover');
    lastInc = Math.max(lastInc, S.inc);
    S = structuredClone(snap);
    snap = undefined;
    if (S.run.status === 'none') {
      C.run_open();
    }
    if (R.incarnation) {
      S.inc = ++lastInc;
      S.barrier = now + LEASE;
      C.run_audit();
    }
    log('FAILOVER');
  };
  let idle = 0,
    step = 0;
  const MAXF = 900,
    MAX = 60000;
  for (; step < MAX; step++) {
    faults = step < MAXF;
    now++;
    if (bad.some((b) => b.startsWith('UNBOUNDED'))) break;
    const a = r();
    if (faults) {
      if (F.pause && chance(0.006)) {
        if (S.run.paused) C.resume();
        else C.pause();
      }
      if (F.cancel && step > 100 && chance(0.004)) C.cancel();
      if (F.terminate && step > 60 && chance(0.004)) C.terminate(int(nm));
      if (F.failover && step > 50 && chance(0.006)) failover();
    } else if (S.run.paused) C.resume();
    if (R.deadlineOwner && F.deadline)
      for (let m = 0; m < nm; m++)
        if (now > dl[m]! && S.mods[m] && S.mods[m]!.status === 'open' && S.mods[m]!.cur < nph) {
          C.phase_close(m, S.mods[m]!.cur);
          dl[m] = now + 80 + int(150);
        }
    if (F.early) for (let m = 0; m < nm; m++) if (now > earlyAt[m]! && S.mods[m]?.early === 'none') C.early_open(m);
    if (workers.length && a < 0.7) {
      const w = pick(workers);
      if (w.stall > now) {
        /* a zombie sleeps */
      } else {
        if (faults && F.stall && chance(0.004)) w.stall = now + LEASE + int(60);
        self = w;
        let ended: W[] = [];
        try {
          // A process dies as often as before, although several workers share it.
          if (faults && chance(F.crash / 5)) throw new Crash();
          if (w.g.next().done) ended = [w];
        } catch (e) {
          if (!(e instanceof Crash)) throw e;
          st('crashed');
          ended = workers.filter((x) => x.process === w.process);
          for (const { msg } of ended)
            if (msg && !(faults && chance(F.lose))) bus.push({ ...msg, at: now + 30 + int(40) });
        }
        for (const x of ended) if (closedBy[x.process] === x) closedBy[x.process] = undefined;
        workers = workers.filter((x) => !ended.includes(x));
      }
    } else if (a < 0.93 && bus.length) {
      const vis = bus.filter((b) => b.at <= now);
      if (vis.length && workers.length < 25) {
        const m = pick(vis);
        bus.splice(bus.indexOf(m), 1);
        spawn(m, true);
      } else if (!workers.length) now += 3;
    } else {
      if (a > 0.96 || !workers.length)
        workers.push({
          ...{ g: sweepW(), msg: undefined, stall: 0, name: 'sweep', process: int(processes), holds: undefined },
        });
      if (!workers.length) now += 5;
    }
    // run end: settle in SQL, then closed
    if (
      (S.run.status === 'closing' || S.run.status === 'cancelled') &&
      Object.keys(S.due).length === 0 &&
      chance(0.05)
    ) {
      settleRows();
      snap = undefined; // SQL says it has ended: a failover does not go back behind that
      if (S.run.status === 'closing') S.run.status = 'closed';
      else S.run.status = 'cancelled';
      if (faults && F.replay) {
        const d = Object.values(S.nodes).filter((n) => n.s === 'dead');
        if (d.length && S.run.status === 'closed') {
          C.replay(pick(d).id);
        }
      }
    }
    if (faults && F.replay && chance(0.004)) {
      const d = Object.values(S.nodes).filter((n) => n.s === 'dead' && S.run.status === 'open');
      if (d.length) C.replay(pick(d).id);
    }
    const over = (S.run.status === 'closed' || S.run.status === 'cancelled') && Object.keys(S.due).length === 0;
    if (!faults && over && !bus.length && workers.every((w) => w.name === 'sweep')) {
      if (++idle > 40) break;
    } else idle = 0;
    if (!faults && step > 30000) break;
  }
  // ---- quiescence
  if (!bad.some((b) => b.startsWith('UNBOUNDED'))) {
    if (S.run.status !== 'closed' && S.run.status !== 'cancelled') {
      const by: Record<string, number> = {};
      for (const n of Object.values(S.nodes))
        if (!terminal(n)) {
          const k = `${n.s}${n.fb ? '(fallback)' : ''}${n.id in S.due ? (S.due[n.id] === Infinity ? '@inf' : '') : '@nowhere'}${live(n) ? '' : '/ended'}`;
          by[k] = 1;
        }
      fail(`I8 stuck: run ${S.run.status}; ${Object.keys(by).sort().join(' ')}`);
    } else if (Object.values(S.nodes).some((n) => !terminal(n))) {
      fail(`I8 nodes never end after the run ${S.run.status}`);
    }
    if (S.run.status === 'closed' || S.run.status === 'cancelled') {
      settleRows();
      for (const [rid, row] of Object.entries(rows)) {
        const n = S.nodes[rid.split('|')[0]!];
        if (row.n > 0 && !(n && n.comm > 0)) fail('I6 rows of a node that never committed');
        else if (n && row.n > 0 && n.tag !== row.tag) fail('I6 rows are not those of the committed attempt');
      }
      for (const n of Object.values(S.nodes))
        if (
          n.comm > 0 &&
          n.nItems > 0 &&
          (R.items === 'token' ? !rows[`${n.id}|${n.ctok}`] : n.s === 'done' && rows[n.id]?.tag !== n.tag)
        )
          fail('I6 committed rows are missing');
    }
    // I10/oracle: a clean run must equal the closure of the module
    if (
      S.run.status === 'closed' &&
      !Object.values(S.nodes).some((n) => n.s === 'dead' || n.s === 'superseded') &&
      S.mods.every((m) => m.status === 'done') &&
      S.cap.reached.length === 0 &&
      !stats.deadline
    ) {
      const want = new Set<string>();
      const got = new Map<string, number>();
      for (let m = 0; m < nm; m++) {
        const todo: { step: number; val: number }[] = [];
        const seen = new Set<string>();
        const push = (x: { step: number; val: number }) => {
          const k = `${x.step}:${x.val}`;
          if (!seen.has(k)) {
            seen.add(k);
            todo.push(x);
          }
        };
        const k = 1 + (h(seed, 'st', m) % 3);
        for (let i = 0; i < k; i++) push({ step: firstOf(0), val: i % V });
        for (let p = 1; p < nph; p++) if (steps[firstOf(p)]!.compute) push({ step: firstOf(p), val: -1 });
        while (todo.length) {
          const x = todo.pop()!;
          if (steps[x.step]!.compute) {
            want.add(`${m}/${x.step}/${x.val}/c`);
            for (const q of x.val === -1
              ? [0, 1].slice(0, h(seed, 'jk', m, x.step) % 3).flatMap((i) => kids(m, x.step, x.val, i))
              : kids(m, x.step, x.val, 0))
              push(q);
          } else
            for (let o = 0; o < nReq(m, x.step, x.val); o++) {
              want.add(`${m}/${x.step}/${x.val}/${o}`);
              for (const q of kids(m, x.step, x.val, o)) push(q);
            }
        }
      }
      for (const n of Object.values(S.nodes)) {
        if (n.kind === 'req') {
          const k = `${n.m}/${n.step}/${n.val}/${n.ord}`;
          got.set(k, (got.get(k) ?? 0) + 1);
        } else if (steps[n.step]!.compute) {
          const k = `${n.m}/${n.step}/${n.val}/c`;
          got.set(k, (got.get(k) ?? 0) + 1);
        }
      }
      for (const w of want) if (!got.has(w)) fail('LOST work: a request the module asks for was never made');
      for (const [g, c] of got) {
        if (!want.has(g)) fail('PHANTOM work');
        else if (c > 1) fail('DUPLICATE: the same hop ran once per parent, its items are stored more than once');
      }
      st('oracle_checked');
    }
    if (S.run.status === 'closed')
      for (const n of Object.values(S.nodes))
        if (
          n.s === 'done' &&
          n.early &&
          n.kind === 'hop' &&
          steps[n.step]!.compute &&
          S.mods[n.m]!.dead.every((d) => d === 0)
        )
          fail('EARLY the last word of a compute hop is what it made of open phases');
  }
  if (opt.trace)
    log(
      'DUMP ' +
        JSON.stringify({
          run: S.run,
          now,
          mods: S.mods,
          due: S.due,
          nodes: Object.values(S.nodes).map((n) => [
            n.id,
            n.s,
            n.ph,
            n.epoch,
            n.attempts,
            n.crashes,
            n.why,
            n.reopened,
            n.comm,
            n.ver,
            n.prefix,
            n.parent,
            n.nItems,
          ]),
        }),
    );
  const amp = Object.values(dlCount).reduce((x, y) => Math.max(x, y), 0);
  st('max_downloads_of_one', amp);
  st('nodes', Object.keys(S.nodes).length);
  st('steps', step);
  for (const [k, v] of Object.entries(F)) if (v) st(`F_${k}`);
  return { seed, bad, stats, trace };
}

if (import.meta.url === `file://${process.argv[1]}` || process.argv[1]?.endsWith('model.ts')) {
  const seeds = Number(process.argv[2] ?? 1000),
    mode = process.argv[3] ?? 'fixed',
    base = Number(process.argv[4] ?? 1);
  const R: Rules = mode === 'literal' ? { ...LITERAL } : { ...FIXED };
  if (mode.includes('-'))
    for (const k of mode.split(',')) {
      const q = k.replace(/^-/, '');
      R[q as keyof Rules] = LITERAL[q as keyof Rules];
    }
  const one = process.argv.indexOf('--trace');
  if (one > 0) {
    const x = simulate(Number(process.argv[one + 1]), R, { trace: true });
    console.log(x.trace.join('\n'));
    console.log(x.bad, x.stats);
    process.exit(0);
  }
  const by: Record<string, { n: number; ex: number }> = {};
  const tot: Record<string, number> = {};
  let badSeeds = 0,
    maxDl = 0;
  const t0 = Date.now();
  for (let s = base; s < base + seeds; s++) {
    const x = simulate(s, R);
    if (x.bad.length) badSeeds++;
    for (const b of x.bad) {
      by[b] ??= { n: 0, ex: s };
      by[b]!.n += 1;
    }
    for (const [k, v] of Object.entries(x.stats)) {
      if (k === 'max_downloads_of_one') maxDl = Math.max(maxDl, v);
      else tot[k] = (tot[k] ?? 0) + v;
    }
  }
  console.log(
    `${mode}: ${seeds} seeds, ${badSeeds} bad, ${((Date.now() - t0) / 1000).toFixed(1)} s, most downloads of one request ${maxDl}`,
  );
  for (const [k, v] of Object.entries(by).sort((a, b) => b[1].n - a[1].n))
    console.log(`  ${v.n}\t(seed ${v.ex})\t${k}`);
}
