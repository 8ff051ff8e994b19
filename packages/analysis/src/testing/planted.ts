/**
 * For tests: models whose circuits are known because they were planted, as many as there are seeds.
 *
 * A code is taken from one position, carried by heads from place to place, renamed by MLPs or exchanged where a flag says so, or found by
 * induction, and read off as the answer. All other heads and MLPs are as strong and read the same things, but nobody reads what
 * they write. Every matrix leaks a little.
 */
import { uniformNumbers } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { carry, choose, lookByCode, lookByPlace, rename, type Signal } from "./planted-stages.js";
import { type PlantedShape, PlantedWeights } from "./planted-weights.js";

export interface Planted {
  readonly model: LanguageModel;
  readonly pairs: { readonly clean: number[][]; readonly corrupted: number[][] };
  readonly question: { readonly answer: number[]; readonly wrongAnswer: number[] };
  /** `source destination` of every edge of the circuit. */
  readonly truth: ReadonlySet<string>;
  /** Its stages, as one line. */
  readonly recipe: string;
}

/** What is being planted. */
class Plan {
  readonly truth = new Set<string>();
  readonly recipe: string[] = [];
  readonly used = new Set<string>();
  readonly random: () => number;
  readonly weights: PlantedWeights;
  private slots = 1; // the first is for what nobody reads

  constructor(
    readonly shape: PlantedShape,
    seed: number,
    leak: number,
  ) {
    this.random = uniformNumbers(seed);
    this.weights = new PlantedWeights(shape, seed + 1, leak);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  slot(): number {
    return this.slots++;
  }

  /** A head of the layer that has no part yet. */
  freeHead(layer: number): number {
    for (;;) {
      const head = this.below(this.shape.heads);
      if (!this.used.has(`a${layer}.h${head}`)) {
        this.used.add(`a${layer}.h${head}`);
        return head;
      }
    }
  }

  names(): number[] {
    const shift = 1 + this.below(this.shape.codes - 1);
    return Array.from({ length: this.shape.codes }, (_, code) => (code + shift) % this.shape.codes);
  }

  edge(source: string, destination: string): void {
    this.truth.add(`${source} ${destination}`);
  }
}

/** A code on its way, and what has become of it. */
interface Way extends Signal {
  readonly position: number;
  /** The answer to a prompt. */
  readonly value: (ids: readonly number[]) => number;
}

/**
 * @param shape whatever is not given is drawn
 * @param leak how far entries that are not planted are from zero, at most
 */
export function plantedModel(
  seed: number,
  shape: Partial<PlantedShape> & { readonly induction?: boolean } = {},
  leak = 0.004,
): Planted {
  const draw = uniformNumbers(seed + 1000);
  const between = (least: number, most: number) => least + Math.floor(draw() * (most - least + 1));
  const drawn = { layers: between(2, 4), heads: between(2, 4), codes: between(5, 8), positions: between(5, 8), gated: draw() < 0.4 }; // biome-ignore format: one object
  const induction = shape.induction ?? draw() < 0.35;
  const whole = { slots: 12, ...drawn, ...shape };
  const plan = new Plan(whole, seed, leak);
  embed(plan);
  const flagAt = plan.below(whole.positions - 1);
  const way = induction ? plantInduction(plan) : plantChain(plan, flagAt);
  readOff(plan, way);
  distract(plan);
  const isFlag = (at: number) => !induction && at === flagAt;
  return { ...prompts(plan, way, induction, isFlag), model: plan.weights.model(), truth: plan.truth, recipe: plan.recipe.join(", ") }; // biome-ignore format: one object
}

function embed({ weights, shape }: Plan): void {
  const { places } = weights;
  for (let code = 0; code < shape.codes; code++)
    weights.set("embedTokens", code, places.code + code, 1);
  weights.set("embedTokens", shape.codes + 1, places.flag, 1);
  for (let at = 0; at < shape.positions; at++) weights.set("embedPositions", at, places.position + at, 1); // biome-ignore format: one line
}

function plantChain(plan: Plan, flagAt: number): Way {
  const { shape, weights } = plan;
  const last = shape.positions - 1;
  const start = (flagAt + 1 + plan.below(last - 1)) % last; // neither the flag's nor the last position
  let way: Way = {
    start: weights.places.code,
    source: "input",
    position: start,
    value: (ids) => ids[start],
  };
  for (let layer = 0; layer < shape.layers; layer++) {
    const due = layer === shape.layers - 1 && way.position !== last;
    if (due || plan.random() < 0.6) way = move(plan, layer, way, due);
    const free = plan.shape.heads - [...plan.used].filter((name) => name.startsWith(`a${layer}.`)).length; // biome-ignore format: one line
    if (plan.random() < 0.65) {
      const exchanges = free > 0 && way.position >= flagAt && plan.random() < 0.6;
      way = exchanges ? exchange(plan, layer, way, flagAt) : renamed(plan, layer, way);
    }
  }
  return way;
}

function move(plan: Plan, layer: number, way: Way, toEnd: boolean): Way {
  const { shape, weights } = plan;
  const last = shape.positions - 1;
  const to =
    toEnd || plan.random() < 0.5 ? last : way.position + plan.below(last - way.position + 1);
  const head = plan.freeHead(layer);
  const target = Array.from({ length: shape.positions }, (_, query) => query === to ? way.position : plan.below(query + 1)); // biome-ignore format: one line
  const start = weights.places.slot(plan.slot());
  lookByPlace(weights, { layer, head }, target);
  carry(weights, { layer, head }, way.start, start, shape.codes);
  plan.edge(way.source, `a${layer}.h${head}<v>`);
  plan.recipe.push(`a${layer}.h${head} carries ${way.position} to ${to}`);
  return { ...way, start, source: `a${layer}.h${head}`, position: to };
}

function renamed(plan: Plan, layer: number, way: Way): Way {
  const names = plan.names();
  const start = plan.weights.places.slot(plan.slot());
  rename(plan.weights, layer, way.start, start, names);
  plan.used.add(`m${layer}`);
  plan.edge(way.source, `m${layer}`);
  plan.recipe.push(`m${layer} renames`);
  return { ...way, start, source: `m${layer}`, value: (ids) => names[way.value(ids)] };
}

function exchange(plan: Plan, layer: number, way: Way, flagAt: number): Way {
  const { weights, shape } = plan;
  const names = plan.names();
  const head = plan.freeHead(layer);
  const target = Array.from({ length: shape.positions }, (_, query) => query >= flagAt ? flagAt : 0); // biome-ignore format: one line
  const slot = plan.slot();
  const [start, flag] = [weights.places.slot(slot), weights.places.flagSlot(slot)];
  lookByPlace(weights, { layer, head }, target);
  carry(weights, { layer, head }, weights.places.flag, flag, 1);
  choose(weights, layer, { from: way.start, flag, to: start }, names);
  plan.used.add(`m${layer}`);
  plan.edge("input", `a${layer}.h${head}<v>`);
  plan.edge(`a${layer}.h${head}`, `m${layer}`);
  plan.edge(way.source, `m${layer}`);
  plan.recipe.push(`m${layer} exchanges by the flag that a${layer}.h${head} brings`);
  const value = (ids: readonly number[]) => ids[flagAt] === shape.codes + 1 ? way.value(ids) : names[way.value(ids)]; // biome-ignore format: one choice
  return { ...way, start, source: `m${layer}`, value };
}

/** … A B … A → B: one head brings each token the one before it, another looks for itself among those. */
function plantInduction(plan: Plan): Way {
  const { weights, shape } = plan;
  const { places } = weights;
  const first = plan.below(shape.layers - 1);
  const second = first + 1 + plan.below(shape.layers - 1 - first);
  const [before, finder] = [plan.freeHead(first), plan.freeHead(second)];
  const target = Array.from({ length: shape.positions }, (_, query) => Math.max(0, query - 1));
  const [previous, start] = [plan.slot(), plan.slot()].map(places.slot);
  lookByPlace(weights, { layer: first, head: before }, target);
  carry(weights, { layer: first, head: before }, places.code, previous, shape.codes);
  const sure = 7 + plan.below(4);
  lookByCode(weights, { layer: second, head: finder }, { query: places.code, key: previous, sureness: sure }); // biome-ignore format: one line
  carry(weights, { layer: second, head: finder }, places.code, start, shape.codes);
  const [writer, reader] = [`a${first}.h${before}`, `a${second}.h${finder}`];
  plan.edge("input", `${writer}<v>`);
  plan.edge(writer, `${reader}<k>`);
  plan.edge("input", `${reader}<q>`);
  plan.edge("input", `${reader}<v>`);
  plan.recipe.push(`${writer} brings the token before, ${reader} finds (${sure})`);
  const value = (ids: readonly number[]) => ids[ids.indexOf(ids[ids.length - 1]) + 1];
  const way: Way = { start, source: reader, position: shape.positions - 1, value };
  return plan.random() < 0.5 ? renamed(plan, second, way) : way;
}

function readOff({ weights, shape, truth }: Plan, way: Way): void {
  for (let code = 0; code < shape.codes; code++) weights.set("lmHead", code, way.start + code, 8);
  truth.add(`${way.source} logits`);
}

/** Everything else reads tokens or a stage's code, and writes where nobody reads. */
function distract(plan: Plan): void {
  const { weights, shape } = plan;
  const { places } = weights;
  const junk = places.slot(0);
  const something = () => (plan.random() < 0.5 ? places.code : places.slot(1 + plan.below(3)));
  for (let layer = 0; layer < shape.layers; layer++) {
    for (let head = 0; head < shape.heads; head++) {
      if (plan.used.has(`a${layer}.h${head}`)) continue;
      const at = { layer, head };
      if (plan.random() < 0.5) lookByCode(weights, at, { query: places.code, key: something(), sureness: 6 }); // biome-ignore format: one line
      else lookByPlace(weights, at, Array.from({ length: shape.positions }, (_, query) => plan.below(query + 1))); // biome-ignore format: one line
      carry(weights, at, something(), junk, shape.codes);
    }
    if (!plan.used.has(`m${layer}`)) rename(weights, layer, something(), junk, plan.names());
  }
}

function prompts(
  { shape, random }: Plan,
  way: Way,
  induction: boolean,
  isFlag: (position: number) => boolean,
): Pick<Planted, "pairs" | "question"> {
  const below = (count: number) => Math.floor(random() * count);
  const one = (): number[] => {
    const order = Array.from({ length: shape.codes }, (_, code) => [random(), code] as const).sort((a, b) => a[0] - b[0]); // biome-ignore format: one line
    const codes = order.map(([, code]) => code);
    const ids = Array.from({ length: shape.positions }, (_, at) => codes[at % codes.length]);
    if (induction) {
      const text = ids.slice(0, Math.min(shape.codes, shape.positions - 1));
      while (text.length < shape.positions - 1) text.unshift(shape.codes); // the other flag, which says nothing
      return [...text, text[text.length - 2 - below(Math.min(text.length, shape.codes) - 1)]];
    }
    return ids.map((id, at) => (isFlag(at) ? shape.codes + below(2) : id));
  };
  const draw = () => {
    const found: (readonly [number[], number[]])[] = [];
    while (found.length < 8) {
      const [a, b] = [one(), one()];
      if (way.value(a) !== way.value(b)) found.push([a, b]);
    }
    return found;
  };
  const flagged = ([a, b]: readonly [number[], number[]]) => a.some((id, at) => isFlag(at) && id !== b[at]); // biome-ignore format: one line
  let pairs = draw();
  while (!induction && !pairs.some(flagged)) pairs = draw(); // or nothing would say what flags are for
  const [clean, corrupted] = [0, 1].map((side) => pairs.map((pair) => pair[side]));
  return { pairs: { clean, corrupted }, question: { answer: clean.map(way.value), wrongAnswer: corrupted.map(way.value) } }; // biome-ignore format: one object
}
