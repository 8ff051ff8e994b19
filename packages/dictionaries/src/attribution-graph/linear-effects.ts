/** Exact effects in the replacement model of a prompt: gradients of a view in which patterns, norms and MLPs are held. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { DictionaryModel } from "../shared/model.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";

/** How much one unit of what is written moves each target. */
export interface LinearEffects {
  /** Of each layer that comes before the target, (targets, position, hidden): positions as far as any target reads. */
  readonly layers: readonly MxArray[];
  /** (targets, position, hidden) */
  readonly embeddings: MxArray;
}

/** What is asked of the replacement model. */
export interface Effects {
  /**
   * Gradients of what targets read with respect to what layers and tokens write.
   *
   * @param directions of each target in what it reads, (targets, width)
   * @param positions where each of them reads
   */
  effects(
    target: number | "logits",
    directions: MxArray,
    positions: readonly number[],
  ): LinearEffects;
  /** The layers whose attention has heads to tell apart, and how many. */
  readonly heads: readonly { readonly layer: number; readonly count: number }[];
  /**
   * The same through some heads alone.
   *
   * @param live by place in `heads`: 1 where a head of a row passes on what it reads, 0 where it is held, (targets, heads)
   */
  effectsThrough(
    target: number | "logits",
    directions: MxArray,
    positions: readonly number[],
    live: readonly MxArray[],
  ): LinearEffects;
}

/** What is held, by site. */
export interface Frozen {
  readonly patterns: ReadonlyMap<string, MxArray>;
  readonly scales: ReadonlyMap<string, MxArray>;
  readonly mlps: readonly MxArray[];
}

/** A prompt with what of it is held. */
export interface Linear {
  readonly frozen: Frozen;
  readonly embeddings: MxArray;
  readonly places: { readonly reads: readonly string[]; readonly writes: readonly string[] };
  readonly ids: readonly number[];
}

/** What a pass is given, and what it leaves. */
interface PassState {
  rows: number;
  /** How many of the first positions. */
  length: number;
  written: readonly MxArray[];
  tokens: MxArray | undefined;
  readonly read: MxArray[];
  raw: MxArray | undefined;
  live: readonly MxArray[];
}

export function effectsIn(
  model: DictionaryModel,
  transcoders: Transcoders,
  linear: Linear,
): Effects {
  const nothing = { written: [], tokens: undefined, read: [], raw: undefined, live: [] };
  const state: PassState = { rows: 1, length: linear.ids.length, ...nothing };
  const frozen = frozenEdits(transcoders, linear, state);
  const heads = headsOf(linear.frozen);
  const view = model.edit(frozen);
  const byHead = model.edit({ ...frozen, ...headEdits(heads, state) });
  return {
    heads: heads.map(({ layer, count }) => ({ layer, count })),
    effects: (target, directions, positions) =>
      effectsOf(view, linear, state, { target, directions, positions }),
    effectsThrough(target, directions, positions, live) {
      state.live = live;
      return effectsOf(byHead, linear, state, { target, directions, positions });
    },
  };
}

interface Asked {
  readonly target: number | "logits";
  readonly directions: MxArray;
  readonly positions: readonly number[];
}

function effectsOf(
  view: DictionaryModel,
  { ids, embeddings, places }: Linear,
  state: PassState,
  { target, directions, positions }: Asked,
): LinearEffects {
  const hidden = embeddings.shape[2];
  const [rows] = directions.shape;
  const length = Math.max(...positions) + 1; // nothing later is read
  const below = target === "logits" ? places.writes.length : target;
  const prompts = Array.from({ length: rows }, () => ids.slice(0, length));
  const pass = (...changes: MxArray[]): MxArray[] => {
    [state.rows, state.length] = [rows, length];
    [state.tokens, ...state.written] = [changes[0], ...changes.slice(1)];
    view.forward(prompts as never);
    return [target === "logits" ? (state.raw as MxArray) : state.read[target]];
  };
  const zeros = Array.from({ length: below + 1 }, () => mx.zeros([rows, length, hidden]));
  const cotangent = placed(directions, positions, length);
  const [, [ofTokens, ...ofLayers]] = mx.vjp(pass, zeros, [cotangent]);
  state.read.length = 0;
  state.raw = undefined;
  return { embeddings: ofTokens, layers: ofLayers };
}

interface Heads {
  readonly site: string;
  readonly layer: number;
  readonly count: number;
}

/** Of layers whose patterns are held. */
function headsOf({ patterns }: Frozen): Heads[] {
  return [...patterns].map(([site, pattern]) => ({
    site: site.replace(/pattern$/, "z"),
    layer: Number(/\d+/.exec(site)?.[0]),
    count: pattern.shape[1],
  }));
}

/** What heads mix, of which some pass no gradient on. */
function headEdits(heads: readonly Heads[], state: PassState) {
  const edits: Record<string, (value: MxArray) => MxArray> = {};
  heads.forEach(({ site, count }, at) => {
    edits[site] = (z) => {
      const live = state.live[at].reshape([state.rows, 1, count, 1]); // (rows, position, heads, headDim)
      const held = mx.multiply(mx.stopGradient(z), mx.subtract(1, live));
      return mx.add(mx.multiply(z, live), held);
    };
  });
  return edits;
}

/** Each direction at its position: (targets, position, width). */
function placed(directions: MxArray, positions: readonly number[], length: number): MxArray {
  const at = mx.array([...positions], mx.int32).reshape([positions.length, 1, 1]);
  const places = mx.arange(0, length, 1, mx.int32).reshape([1, length, 1]);
  const [rows, width] = directions.shape;
  return mx.multiply(mx.equal(at, places).astype(mx.float32), directions.reshape([rows, 1, width]));
}

function frozenEdits(transcoders: Transcoders, linear: Linear, state: PassState) {
  const { frozen, embeddings, places } = linear;
  const first = () => mx.Slice(0, state.length);
  const inRows = (array: MxArray) => mx.broadcastTo(array, [state.rows, ...array.shape.slice(1)]);
  const repeated = (array: MxArray) => inRows(array.index(mx.Slice(), first())); // (batch, position, …)
  const edits: Record<string, (value: MxArray) => MxArray> = {};
  for (const [site, value] of frozen.scales) edits[site] = () => repeated(value);
  for (const [site, pattern] of frozen.patterns) {
    edits[site] = () => inRows(pattern.index(mx.Slice(), mx.Slice(), first(), first()));
  }
  edits.embedTokens = () => mx.add(repeated(embeddings), state.tokens as MxArray);
  edits.rawLogits = (value) => {
    state.raw = value;
    return value;
  };
  places.reads.forEach((site, layer) => {
    edits[site] = (value) => {
      state.read[layer] = value;
      return value;
    };
  });
  places.writes.forEach((site, layer) => {
    const skip = transcoders.skip(layer);
    edits[site] = () => {
      const constant = repeated(frozen.mlps[layer]);
      const changed = state.written[layer] ? mx.add(constant, state.written[layer]) : constant;
      return skip ? mx.add(changed, linearPart(state.read[layer], skip)) : changed;
    };
  });
  return edits;
}

/** Nothing in value, and the gradient of what goes round the features. */
function linearPart(x: MxArray, skip: MxArray): MxArray {
  const round = mx.matmul(x, skip);
  return mx.subtract(round, mx.stopGradient(round));
}
