/** The parts of the residual stream at the last position, and what each adds to the chosen logits. */
import { lastPositions, type TraceCore } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { weightOf } from "../graph/writes.js";
import { NotASumError } from "../shared/errors.js";
import { lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import { ranksOf } from "../shared/ranks.js";
import type { FinerParts } from "./direct-path.js";
import { normalizeFrozen, type ReadTokens, readDirection } from "./frozen-norm.js";
import type { Attribution } from "./result.js";

/** With the rank of the answer in the prediction. */
export interface RankedAttribution extends Attribution {
  readonly rank: number;
  readonly finer?: FinerParts;
}

/**
 * @param ids prompts of one batch; may differ in length
 * @returns one attribution for each prompt
 */
export async function attribute(
  model: AnalysisModel,
  ids: readonly (readonly number[])[],
  tokens: ReadTokens,
): Promise<RankedAttribution[]> {
  const lengths = ids.map(({ length }) => length);
  const [parts, normalized, scale] = await lazyPass(model, ids, {}, (trace) => [
    residualParts(model, trace, lengths),
    lastPositions(trace.at("finalNorm").value, lengths),
    lastPositions(trace.at("finalNorm.scale").value, lengths),
  ]);
  const [batch, count, hidden] = parts.shape;
  const scales = mx.broadcastTo(mx.expandDims(scale, 1), [batch, count, 1]);
  const rows = await normalizeFrozen(model, parts.reshape([-1, hidden]), scales.reshape([-1, 1]));
  const { value, direction } = readDirection(model, normalized, tokens);
  const written = mx.sum(
    mx.multiply(rows.reshape([batch, count, hidden]), mx.expandDims(direction, 1)),
    2,
  ); // (batch, parts)
  const linear = mx.sum(mx.multiply(normalized, direction), 1); // (batch)
  const rank = ranksOf(model.anatomy.unembed(normalized), tokens.answer);
  await evaluate([written, linear, value, rank]);
  const [totals, seen, numbers] = [toFlat(value), toFlat(linear), [...toFlat(written)]];
  const ranks = toFlat(rank);
  return ids.map((_, row) => {
    const own = numbers.slice(row * count, (row + 1) * count);
    return { ...arrange(model, own, totals[row], seen[row]), rank: ranks[row] };
  });
}

/**
 * Zero, the embedding, then for each layer its heads, the rest of its attention and its MLP.
 *
 * @returns (batch, parts, hidden)
 */
function residualParts(
  model: AnalysisModel,
  trace: TraceCore,
  lengths: readonly number[],
): MxArray {
  const last = (site: string) => lastPositions(trace.at(site).value, lengths);
  const alone = (part: MxArray) => mx.expandDims(part, 1);
  const embedding = alone(last("layers.0.input")); // (batch, 1, hidden)
  const parts = [mx.zerosLike(embedding), embedding];
  const names = new Set(model.sites().map(({ site }) => site));
  requireSum(model, names);
  for (let layer = 0; layer < model.anatomy.layers; layer++) {
    const heads = headsAt(trace, names, layer, lengths); // (batch, heads, hidden)
    const rest = mx.subtract(last(`layers.${layer}.selfAttn`), mx.sum(heads, 1));
    parts.push(heads, alone(rest), alone(last(`layers.${layer}.mlp`)));
  }
  return mx.concatenate(parts, 1);
}

/** Where layers scale the stream, what was written before is no more what it was; what mixers write is no part that is read here. */
function requireSum({ anatomy }: AnalysisModel, names: ReadonlySet<string>): void {
  for (let layer = 0; layer < anatomy.layers; layer++) {
    const lacks = ["selfAttn.result", "mlp"].find((part) => !names.has(`layers.${layer}.${part}`));
    if (lacks) throw new NotASumError(layer, `it has no layers.${layer}.${lacks}, so what it writes is not that of heads and an MLP`); // biome-ignore format: one error
    if (names.has(`layers.${layer}.mixer`)) throw new NotASumError(layer, "its mixer writes beside its attention"); // biome-ignore format: one error
  }
  if (!names.has("finalNorm") && names.has("layers.0.outputNorm")) throw new NotASumError(0, "it normalises the residual stream itself, after adding to it"); // biome-ignore format: one line
  if (!names.has("layers.0.residPost") || names.has("layers.0.outputNorm")) return; // a norm is noted with the result
  throw new NotASumError(0, "it scales the residual stream itself");
}

/** What heads write as it is added: where that is normalised, with the norm's denominator held. */
function headsAt(
  trace: TraceCore,
  names: ReadonlySet<string>,
  layer: number,
  lengths: readonly number[],
): MxArray {
  const last = (site: string) => lastPositions(trace.at(site).value, lengths);
  const of = `layers.${layer}.selfAttn`;
  const result = last(`${of}.result`);
  if (!names.has(`${of}.postNorm.scale`)) return result;
  const [normalized, output] = ["postNorm.normalized", "postNorm"].map((name) => trace.at(`${of}.${name}`).value); // biome-ignore format: one line
  const divided = mx.divide(result, mx.expandDims(last(`${of}.postNorm.scale`), 1));
  return mx.multiply(divided, weightOf(normalized, output));
}

/**
 * @param numbers of one prompt, in the order of `residualParts`; each includes the norm's bias, and the first is only that
 * @param total the logit (difference) itself
 * @param linear what the linear map gives for the whole residual stream
 */
function arrange(
  { anatomy }: AnalysisModel,
  numbers: readonly number[],
  total: number,
  linear: number,
): Attribution {
  const [normBias, embedding, ...layers] = numbers.map((number, index) =>
    index === 0 ? number : number - numbers[0],
  );
  const stride = anatomy.heads + 2;
  const byLayer = Array.from({ length: anatomy.layers }, (_, layer) =>
    layers.slice(layer * stride, (layer + 1) * stride),
  );
  return {
    total,
    embedding,
    heads: byLayer.map((parts) => parts.slice(0, anatomy.heads)),
    attentionRest: byLayer.map((parts) => parts[anatomy.heads]),
    mlps: byLayer.map((parts) => parts[anatomy.heads + 1]),
    normBias,
    unembeddingRest: total - linear,
  };
}
