/**
 * What neurons, experts and source tokens write to the logits directly: their values times the gradient that comes straight down the
 * residual stream.
 *
 * Gradients stop where attention and MLPs read and at the denominators of norms, so what arrives at any place is the direct path alone, which is
 * linear there. A head's mix is linear in its pattern, an MLP's write in its neurons and in the weights of its experts: so the
 * numbers of a head's source tokens add up to the head's, and those of neurons to the MLP's, but for its bias.
 */
import { type Interventions, lastPositions } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { stopHere } from "../backward-rules/rules.js";
import type { AnalysisModel } from "../shared/model.js";
import { strongestOf } from "../shared/strongest.js";
import { logitsOf } from "../shared/token-sets.js";
import type { ReadTokens } from "./frozen-norm.js";
import type { ExpertPart, NeuronPart, SourcePart } from "./result.js";

export type Finer = "neurons" | "experts" | "sources";

/** Of one prompt; lists hold the largest, the largest first. */
export interface FinerParts {
  readonly neurons: readonly NeuronPart[];
  readonly experts: readonly ExpertPart[];
  readonly sources: readonly SourcePart[];
}

interface Asked {
  readonly by: readonly Finer[];
  readonly most: number;
}

const siteOf: Readonly<Record<Finer, readonly string[]>> = {
  neurons: ["mlp.post", "mlp.expertIndices"],
  experts: ["mlp.expertWeights", "mlp.sharedExpert", "mlp.expertIndices"],
  sources: ["selfAttn.pattern"],
};

/** @param ids prompts of one batch; may differ in length */
export async function finerParts(
  model: AnalysisModel,
  ids: readonly (readonly number[])[],
  tokens: ReadTokens,
  { by, most }: Asked,
): Promise<FinerParts[]> {
  const lengths = ids.map(({ length }) => length);
  const names = model.sites().map(({ site }) => site);
  const wanted = names.filter((name) => by.some((one) => siteOf[one].some((end) => name.endsWith(`.${end}`)))); // biome-ignore format: one line
  const smooth = wanted.filter((name) => !name.endsWith("Indices"));
  if (smooth.length === 0) return ids.map(() => ({ neurons: [], experts: [], sources: [] })); // experts of a model that has none
  const metric = (output: MxArray) => {
    const logits = lastPositions(output, lengths);
    const answer = logitsOf(logits, tokens.answer);
    return mx.sum(tokens.wrongAnswer ? mx.subtract(answer, logitsOf(logits, tokens.wrongAnswer)) : answer); // biome-ignore format: one choice
  };
  const { gradients, values } = await model.gradients(ids, metric, { save: smooth, values: true, interventions: directStops(names) }); // biome-ignore format: one call
  const indices = wanted.filter((name) => name.endsWith("Indices"));
  const chosen = indices.length > 0 ? await model.run(ids, { save: indices }) : undefined;
  const products = new Map(smooth.map((site) => [site, mx.multiply(values.get(site), gradients.get(site)).astype(mx.float32)])); // biome-ignore format: one line
  await evaluate([...products.values()]);
  return ids.map((own, row) => {
    const last = (site: string): { numbers: readonly number[]; shape: readonly number[] } => {
      const whole = products.get(site) ?? chosen!.get(site);
      const one = site.endsWith("pattern") ? whole.index(row, mx.Slice(), own.length - 1) : whole.index(row, own.length - 1); // biome-ignore format: one choice
      return { numbers: [...toFlat(one)].map(Number), shape: one.shape };
    };
    const of = (end: string) => smooth.filter((name) => name.endsWith(`.${end}`));
    return {
      neurons: strongestOf(by.includes("neurons") ? of("mlp.post").flatMap((site) => neuronsAt(site, last)) : [], most), // biome-ignore format: one list
      experts: strongestOf(by.includes("experts") ? expertsOf(smooth, last) : [], most),
      sources: strongestOf(of("selfAttn.pattern").flatMap((site) => sourcesAt(site, last, own.length)), most), // biome-ignore format: one list
    };
  });
}

/** Interventions that let nothing back but what comes straight down the stream. */
function directStops(names: readonly string[]): Interventions {
  const held = names.filter((name) => /(^|\.)scale$/.test(name));
  const layers = names.filter((name) => /^layers\.\d+$/.test(name));
  const reads = layers.flatMap((layer) => [`${layer}.selfAttn.input`, `${layer}.mlp.input`]);
  return Object.fromEntries([...held, ...reads].map((name) => [name, stopHere]));
}

type Last = (site: string) => { numbers: readonly number[]; shape: readonly number[] };

function layerOf(site: string): number {
  return Number(site.split(".")[1]);
}

/** Of dense MLPs, and of each chosen expert. */
function neuronsAt(site: string, last: Last): NeuronPart[] {
  const { numbers, shape } = last(site);
  const width = shape[shape.length - 1];
  const experts =
    shape.length > 1 ? last(site.replace("post", "expertIndices")).numbers : undefined;
  return numbers.map((value, at) => {
    const expert = experts ? experts[Math.floor(at / width)] : null;
    return { layer: layerOf(site), expert, neuron: at % width, value };
  });
}

function expertsOf(sites: readonly string[], last: Last): ExpertPart[] {
  return sites.flatMap((site): ExpertPart[] => {
    const layer = layerOf(site);
    if (site.endsWith(".expertWeights")) {
      const chosen = last(site.replace("expertWeights", "expertIndices")).numbers;
      return last(site).numbers.map((value, at) => ({ layer, expert: chosen[at], value }));
    }
    if (!site.endsWith(".sharedExpert")) return [];
    return [{ layer, expert: "shared", value: last(site).numbers.reduce((a, b) => a + b, 0) }];
  });
}

function sourcesAt(site: string, last: Last, length: number): SourcePart[] {
  const { numbers, shape } = last(site); // (heads, key)
  const keys = shape[1];
  return numbers.flatMap((value, at) => {
    const [head, position] = [Math.floor(at / keys), at % keys];
    return position < length ? [{ layer: layerOf(site), head, position, value }] : [];
  });
}
