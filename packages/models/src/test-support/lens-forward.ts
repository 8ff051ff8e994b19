/**
 * A forward in float64 on plain lists, with every tensor that TransformerLens names and a chance to change it there.
 * Written from the definitions; it shares nothing with the decoder but the weights and the description.
 */
import type { MxArray } from "@mlxterp/mlx";
import type {
  AttentionConfig,
  LayerConfig,
  MlpConfig,
  NormConfig,
} from "../decoder/config/config.js";
import type { Norm } from "../decoder/norm/norm.js";
import type { LanguageModel } from "../language-model/language-model.js";

type Vector = readonly number[];
type Rows = readonly Vector[]; // (position, width)
type Heads = readonly Rows[]; // (position, head, width)
export type Nested = readonly (number | Nested)[];

/** Sees a tensor under its name, without a batch axis, and returns what takes its place. */
export type Hook = <T extends Nested>(name: string, tensor: T) => T;

const list = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, i) => make(i)); // biome-ignore format: one line
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const plus = (a: Vector, b: Vector) => a.map((value, i) => value + b[i]);
const plusRows = (a: Rows, b: Rows) => a.map((row, i) => plus(row, b[i]));
const host = <T>(x: MxArray) => x.tolist() as T;

function linear(x: Vector, weight: Rows, bias?: Vector): number[] {
  return weight.map((row, i) => dot(row, x) + (bias ? bias[i] : 0));
}

interface Projection {
  readonly weight: MxArray;
  readonly bias?: MxArray | null;
}
const parts = ({ weight, bias }: Projection) => ({
  weight: host<Rows>(weight),
  bias: bias ? host<Vector>(bias) : undefined,
});

interface Divided {
  readonly scale: number;
  readonly quotient: number[];
}

function divide(x: Vector, { kind, epsilon }: NormConfig): Divided {
  const mean = kind === "layer" ? x.reduce((a, b) => a + b, 0) / x.length : 0;
  const centred = x.map((value) => value - mean);
  const scale = Math.sqrt(dot(centred, centred) / x.length + epsilon);
  return { scale, quotient: centred.map((value) => value / scale) };
}

function weighted(x: Vector, { weight, bias }: Norm, { unitOffset }: NormConfig): number[] {
  const w = host<Vector>(weight!);
  const b = bias ? host<Vector>(bias) : undefined;
  return x.map((value, i) => value * (w[i] + (unitOffset ? 1 : 0)) + (b ? b[i] : 0));
}

/** A norm with its two hooks. */
function normed(x: Rows, norm: Norm, config: NormConfig, name: string, hook: Hook): Rows {
  const scales = hook(`${name}.hook_scale`, x.map((row) => [divide(row, config).scale])); // biome-ignore format: one call
  const quotient = x.map((row, i) => {
    const { scale, quotient } = divide(row, config);
    return quotient.map((value) => (value * scale) / scales[i][0]);
  });
  return hook(`${name}.hook_normalized`, quotient).map((row) => weighted(row, norm, config));
}

function rotated(x: Vector, position: number, rope: AttentionConfig["rope"]): number[] {
  if (!rope) return [...x];
  const { dims, base, interleaved } = rope;
  const turned = [...x];
  for (let i = 0; i < dims / 2; i++) {
    const [a, b] = interleaved ? [2 * i, 2 * i + 1] : [i, i + dims / 2];
    const angle = position * base ** ((-2 * i) / dims);
    turned[a] = x[a] * Math.cos(angle) - x[b] * Math.sin(angle);
    turned[b] = x[b] * Math.cos(angle) + x[a] * Math.sin(angle);
  }
  return turned;
}

const gaussError = (x: number) => {
  // Maclaurin series: exact enough for the small values of these checkpoints
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};
const nonlinear: Partial<Record<MlpConfig["activation"], (x: number) => number>> = {
  gelu: (x) => (x / 2) * (1 + gaussError(x / Math.SQRT2)),
  geluTanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x / (1 + Math.exp(-x)),
};

type Layer = LanguageModel["module"]["layers"][number];

/** What attention's heads read: (position, heads, hidden) each. */
function headInputs(x: Rows, { heads, kvHeads }: AttentionConfig, block: string, hook: Hook) {
  const repeated = (count: number) => x.map((row) => list(count, () => row));
  const shared = heads === kvHeads ? hook(`${block}.hook_attn_in`, repeated(heads)) : undefined;
  return {
    q: hook(`${block}.hook_q_input`, shared ?? repeated(heads)),
    k: hook(`${block}.hook_k_input`, shared ?? repeated(kvHeads)),
    v: hook(`${block}.hook_v_input`, shared ?? repeated(kvHeads)),
  };
}

function attention(
  inputs: { readonly q: Heads; readonly k: Heads; readonly v: Heads },
  { selfAttn }: Layer,
  config: AttentionConfig,
  block: string,
  hook: Hook,
): Rows {
  const {
    heads,
    kvHeads,
    headDim,
    scale,
    rope,
    window = Number.POSITIVE_INFINITY,
    softCap,
  } = config;
  const name = `${block}.attn`;
  const project = (x: Heads, projection: Projection): Heads => {
    const { weight, bias } = parts(projection);
    return x.map((row) =>
      row.map((own, head) => {
        const [from, to] = [head * headDim, (head + 1) * headDim];
        return linear(own, weight.slice(from, to), bias?.slice(from, to));
      }),
    );
  };
  const norm = config.queryKeyNorm?.norm;
  const byHead = (x: Heads, own: Norm | undefined) =>
    own && norm ? x.map((row) => row.map((h) => weighted(divide(h, norm).quotient, own, norm))) : x;
  const q = byHead(hook(`${name}.hook_q`, project(inputs.q, selfAttn.qProj)), selfAttn.qNorm);
  const k = byHead(hook(`${name}.hook_k`, project(inputs.k, selfAttn.kProj)), selfAttn.kNorm);
  const v = hook(`${name}.hook_v`, project(inputs.v, selfAttn.vProj));
  const turn = (x: Heads): Heads => x.map((row, position) => row.map((h) => rotated(h, position, rope))); // biome-ignore format: one line
  const queries = hook(`${name}.hook_rot_q`, turn(q));
  const keys = hook(`${name}.hook_rot_k`, turn(k));
  const group = heads / kvHeads;
  const length = q.length;
  const scores = list(heads, (head) =>
    list(length, (query) =>
      list(length, (key) => {
        if (key > query || query - key >= window) return Number.NEGATIVE_INFINITY;
        const score = scale * dot(queries[query][head], keys[key][Math.floor(head / group)]);
        return softCap === undefined ? score : softCap * Math.tanh(score / softCap);
      }),
    ),
  );
  const weights = hook(`${name}.hook_attn_scores`, scores).map((rows) =>
    rows.map((row) => {
      const top = Math.max(...row);
      const powers = row.map((score) => Math.exp(score - top));
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / total);
    }),
  );
  const pattern = hook(`${name}.hook_pattern`, weights);
  const mixed = list(length, (query) =>
    list(heads, (head) =>
      list(
        headDim,
        (dim) =>
        v.reduce((sum, row, key) => sum + pattern[head][query][key] * row[Math.floor(head / group)][dim], 0), // biome-ignore format: one sum
      ),
    ),
  );
  const z = hook(`${name}.hook_z`, mixed);
  const { weight, bias } = parts(selfAttn.oProj);
  const results = z.map(
    (row) =>
    row.map((own, head) => linear(own, weight.map((w) => w.slice(head * headDim, (head + 1) * headDim)))), // biome-ignore format: one line
  );
  return hook(`${name}.hook_result`, results).map((row) =>
    row.reduce<Vector>(plus, bias ?? list(weight.length, () => 0)),
  );
}

function mlp(x: Rows, { mlp: own }: Layer, { activation }: MlpConfig, block: string, hook: Hook) {
  const { gateProj, upProj, downProj } = own as unknown as Record<string, Projection | undefined>;
  const [up, down] = [parts(upProj!), parts(downProj!)];
  const gate = gateProj && parts(gateProj);
  const first = gate ?? up;
  const pre = hook(`${block}.mlp.hook_pre`, x.map((row) => linear(row, first.weight, first.bias))); // biome-ignore format: one call
  const active = pre.map((row) => row.map(nonlinear[activation]!));
  const linearly = gate && hook(`${block}.mlp.hook_pre_linear`, x.map((row) => linear(row, up.weight, up.bias))); // biome-ignore format: one call
  const product = linearly ? active.map((row, i) => row.map((value, j) => value * linearly[i][j])) : active; // biome-ignore format: one line
  return hook(`${block}.mlp.hook_post`, product).map((row) => linear(row, down.weight, down.bias));
}

function layerForward(x: Rows, layer: Layer, config: LayerConfig, block: string, hook: Hook): Rows {
  const pre = hook(`${block}.hook_resid_pre`, x);
  const inputs = headInputs(pre, config.attention, block, hook);
  const changed = [inputs.q, inputs.k, inputs.v].some((own) => own.some((row, i) => row.some((h) => h !== pre[i]))); // biome-ignore format: one line
  const whole = changed ? undefined : normed(pre, layer.inputNorm!, config.inputNorm!, `${block}.ln1`, hook); // biome-ignore format: one line
  const read = (own: Heads): Heads =>
    own.map((row, i) => row.map((h) => whole?.[i] ?? weighted(divide(h, config.inputNorm!).quotient, layer.inputNorm!, config.inputNorm!))); // biome-ignore format: one line
  const normedInputs = { q: read(inputs.q), k: read(inputs.k), v: read(inputs.v) };
  const written = attention(normedInputs, layer, config.attention, block, hook);
  const { postNorm } = config.attention;
  const out = postNorm ? normed(written, layer.selfAttn.postNorm!, postNorm, `${block}.ln1_post`, hook) : written; // biome-ignore format: one line
  const middle = hook(
    `${block}.hook_resid_mid`,
    plusRows(pre, hook(`${block}.hook_attn_out`, out)),
  );
  const mlpIn = hook(`${block}.hook_mlp_in`, middle);
  const second = normed(mlpIn, layer.postAttentionNorm!, config.postAttentionNorm!, `${block}.ln2`, hook); // biome-ignore format: one line
  const processed = mlp(second, layer, config.mlp, block, hook);
  const after = config.mlp.postNorm;
  const mlpOut = after ? normed(processed, layer.mlp.postNorm!, after, `${block}.ln2_post`, hook) : processed; // biome-ignore format: one line
  return hook(`${block}.hook_resid_post`, plusRows(middle, hook(`${block}.hook_mlp_out`, mlpOut)));
}

/** @returns the logits, (position, vocab) */
export function lensForward({ module, config }: LanguageModel, ids: Vector, hook: Hook): Rows {
  const table = host<Rows>(module.embedTokens.weight);
  const factor = config.embeddingScale ?? 1;
  let x: Rows = hook("hook_embed", ids.map((id) => table[id].map((value) => value * factor))); // biome-ignore format: one call
  if (module.embedPositions) {
    const places = host<Rows>(module.embedPositions.weight);
    x = plusRows(x, hook("hook_pos_embed", ids.map((_, i) => places[i]))); // biome-ignore format: one call
  }
  config.layers.forEach((layer, i) => {
    x = layerForward(x, module.layers[i], layer, `blocks.${i}`, hook);
  });
  const final = normed(x, module.finalNorm!, config.finalNorm!, "ln_final", hook);
  const head = config.head.tied ? table : host<Rows>((module.lmHead as Projection).weight);
  const bias = config.head.bias ? host<Vector>((module.lmHead as Projection).bias!) : undefined;
  const logits = hook("unembed", final.map((row) => linear(row, head, bias))); // biome-ignore format: one call
  const cap = config.head.softCap;
  return cap === undefined ? logits : logits.map((row) => row.map((y) => cap * Math.tanh(y / cap)));
}
