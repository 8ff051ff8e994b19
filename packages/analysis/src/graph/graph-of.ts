/** The graph of a model, after a look at one prompt: that its stream is the sum of what components write, and what its MLPs read. */
import { type ActivationCache, notFiniteError } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { NotASumError } from "../shared/errors.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ComponentGraph, componentGraph, type LayerWiring } from "./graph.js";
import { type MlpUnits, mlpParts, possibleUnits, siteOf, unitSites } from "./mlp-units.js";
import { sharedNorm } from "./shared-norm.js";
import { headParts, weightOf } from "./writes.js";

/** What a method can do with: heads that write as they are and read by themselves, and MLPs with a norm of their own; or whatever adds up. */
export type Wired = "plain" | "any";

/**
 * @param byPart whether neurons and experts are sources, and not whole MLPs
 * @throws NotASumError (`NOT_A_SUM`) for models whose stream is no sum of what components write, or, where `wired` is "plain", that normalise
 *   what they add, whose MLP has no norm of its own or whose heads read together; NotFiniteError (`NOT_FINITE`), since NaN is no sum of anything
 */
export async function graphOf(
  model: AnalysisModel,
  ids: readonly number[],
  wired: Wired = "plain",
  byPart = false,
): Promise<ComponentGraph> {
  const { layers } = model.anatomy;
  const names = new Set(model.sites().map(({ site }) => site));
  const cache = await model.run([ids], {
    save: range(layers).flatMap((layer) => [
      ...sitesOf(names, layer, wired),
      ...(byPart ? partSites(names, layer).map((site) => siteOf(layer, site)) : []),
    ]),
  });
  const end = toFlat(cache.get(`layers.${layers - 1}`).astype(mx.float32));
  if (!end.every(Number.isFinite)) throw await notFiniteError("Activations", model, [ids]);
  const wiring = range(layers).map((layer) => {
    const look = { model, cache, names, layer };
    return { ...wiringOf(look), ...(byPart && { units: unitsOf(look) }) };
  });
  return componentGraph(model, wiring);
}

function sitesOf(names: ReadonlySet<string>, layer: number, wired: Wired): string[] {
  const at = (name: string) => `layers.${layer}${name}`;
  const own = names.has(at(".postAttentionNorm"));
  const lacks = [".selfAttn.result", ".mlp"].find((part) => !names.has(at(part)));
  if (lacks)
    throw new NotASumError(layer, `it has no ${at(lacks)}, so its mixer is no node of the graph`);
  if (names.has(at(".outputNorm")) && !names.has(at(".inputNorm"))) throw new NotASumError(layer, "it normalises the residual stream itself, after adding to it"); // biome-ignore format: one line
  if (names.has(at(".mixer"))) throw new NotASumError(layer, "its mixer writes beside its attention, and is no node of the graph"); // biome-ignore format: one line
  if (names.has(at(".qInput")) && !names.has(at(".kInput"))) throw new NotASumError(layer, "its keys and values are those of an earlier layer"); // biome-ignore format: one line
  const tangled = wired === "plain" && entanglement(names, layer);
  if (tangled) {
    const wayOut =
      'Look at single edges instead, which may be (edgeAttribution, with scoring "exact")';
    throw new NotASumError(layer, tangled, wayOut);
  }
  if (names.has(at(".embeddingWrite"))) {
    throw new NotASumError(
      layer,
      "it also writes what it makes of its own embedding of each token",
    );
  }
  const optional = [".selfAttn.postNorm.scale", ".selfAttn.postNorm.normalized", ".selfAttn.postNorm"]; // biome-ignore format: a list
  const together = !names.has(at(".qInput"));
  return [
    ...["", ".input", ".selfAttn", ".selfAttn.result", ".residMid", ".mlp"].map(at),
    ...optional.map(at).filter((name) => names.has(name)),
    at(own ? ".postAttentionNorm.input" : ".mlp.input"),
    ...(together ? [at(".inputNorm.input")] : [at(".qInput"), at(".kInput")]),
  ];
}

/** Why single heads of it cannot be told something, or write something, by themselves. */
function entanglement(names: ReadonlySet<string>, layer: number): string | undefined {
  const has = (name: string) => names.has(`layers.${layer}${name}`);
  if (!has(".postAttentionNorm"))
    return "its MLP reads what attention reads, through the same norm, or the stream itself";
  if (has(".selfAttn.postNorm.scale"))
    return "its attention normalises what its heads write together";
  return has(".qInput") ? undefined : "its heads read together, as latent attention does";
}

/** @throws NotASumError (`NOT_A_SUM`) */
function partSites(names: ReadonlySet<string>, layer: number): string[] {
  const sites = unitSites(names, layer);
  if (sites) return sites;
  throw new NotASumError(layer, "its MLP shows neither neurons nor experts");
}

interface Look {
  readonly model: AnalysisModel;
  readonly cache: ActivationCache;
  readonly names: ReadonlySet<string>;
  readonly layer: number;
}

function wiringOf({ model, cache, names, layer }: Look): LayerWiring {
  const { near, at } = comparing(cache, layer);
  const has = (name: string) => names.has(`layers.${layer}${name}`);
  const weight = has(".selfAttn.postNorm.scale") && {
    writeWeight: weightOf(at(".selfAttn.postNorm.normalized"), at(".selfAttn.postNorm")),
  };
  const attention = at(".selfAttn");
  const rest = mx.subtract(attention, mx.sum(headParts(cache, layer, { ...weight }), 2)); // the bias, if there is one
  const constant = mx.broadcastTo(rest.index(mx.Slice(0, 1), mx.Slice(0, 1)), rest.shape);
  if (!near(mx.add(mx.subtract(attention, rest), constant), attention)) {
    throw new NotASumError(layer, "its attention does not add up what its heads write");
  }
  const [input, middle, output] = [at(".input"), at(".residMid"), at("")];
  const sum = mx.add(mx.add(input, attention), at(".mlp"));
  if (!near(sum, output) || !near(mx.add(input, attention), middle)) {
    throw new NotASumError(layer, "it normalises or scales the residual stream itself");
  }
  const readsTogether = !has(".qInput");
  const read = mlpReading(model, { ...comparing(cache, layer), layer, own: has(".postAttentionNorm") }); // biome-ignore format: one call
  if (readsTogether && (read.mlpNorm === "shared" || !has(".inputNorm"))) {
    throw new NotASumError(layer, "its heads cannot be given something that its MLP does not read");
  }
  const kvHeads = readsTogether
    ? model.anatomy.heads
    : cache.get(`layers.${layer}.kInput`).shape[2];
  return { ...read, ...weight, kvHeads, readsTogether };
}

/** The parts of an MLP, after a look at whether they and a constant are what it writes. */
function unitsOf({ model, cache, names, layer }: Look): MlpUnits {
  const { near, at } = comparing(cache, layer);
  const found = possibleUnits(model, layer, partSites(names, layer), (site) => at(`.mlp.${site}`));
  const whole = at(".mlp");
  const units = found.find((one) => {
    const parts = mx.sum(mlpParts(cache, layer, one), 1);
    const rest = mx.subtract(whole, parts).index(mx.Slice(0, 1), mx.Slice(0, 1)); // the bias, if there is one
    return near(mx.add(parts, rest), whole);
  });
  if (units) return units;
  throw new NotASumError(
    layer,
    `what its ${found[0].kind}s write is normalised or scaled together`,
  );
}

type Comparing = ReturnType<typeof comparing>;

function comparing(cache: ActivationCache, layer: number) {
  const half = cache.get(`layers.${layer}`).dtype !== mx.float32;
  const near = (a: MxArray, b: MxArray) => apart(a, b) <= (half ? 1e-2 : 1e-4); // sums in another order
  const at = (name: string) => cache.get(`layers.${layer}${name}`).astype(mx.float32);
  return { near, at };
}

/** Whether the MLP reads what attention reads, and through which norm. */
function mlpReading(
  model: AnalysisModel,
  { near, at, layer, own }: Comparing & { readonly layer: number; readonly own: boolean },
): Pick<LayerWiring, "parallel" | "mlpNorm"> {
  const [input, middle] = [at(".input"), at(".residMid")];
  const read = at(own ? ".postAttentionNorm.input" : ".mlp.input");
  if (near(read, middle)) return { parallel: false, mlpNorm: own ? "own" : "none" };
  if (near(read, input)) return { parallel: true, mlpNorm: own ? "own" : "none" };
  if (!own && near(sharedNorm(model, layer)(input), read))
    return { parallel: true, mlpNorm: "shared" };
  throw new NotASumError(layer, "its MLP reads neither the stream before attention nor after it");
}

/** The largest difference, relative to the largest number. */
function apart(a: MxArray, b: MxArray): number {
  const [difference, first, second] = toFlat(
    mx.stack([mx.subtract(a, b), a, b].map((x) => mx.max(mx.abs(x)))),
  );
  return difference / Math.max(first, second, 1e-6);
}
