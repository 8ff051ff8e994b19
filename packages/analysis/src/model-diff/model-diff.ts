/**
 * Model diffing: where two models part on the same prompt, and from which layer on the one can be turned into the other.
 *
 * A model is compared with its quantized or fine-tuned form, with a view that has edits, or with another model of the same vocabulary: the next-token
 * distributions, the residual stream layer by layer, the heads. Then the one model's stream is put into the other after each layer: the layer from which
 * on nothing is left of the difference is the last that makes one. And every layer of the other gets this model's stream as its input: what then differs
 * is its own doing, and of layers and heads that are the same in both nothing does.
 *
 * Caveats. Distances of streams are relative, and a large one in a direction that nobody reads changes nothing: the divergence is what counts. A
 * model of another training has another basis; its distances are then meaningless, and only `divergence` says something.
 */
import { anatomyPart, notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { parseInterventionEntries } from "@mlxterp/interventions";
import {
  evaluate,
  InvalidArgumentError,
  klDivergence,
  logProbabilities,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import {
  createGrid,
  createTable,
  type Note,
  type ParsedOptions,
  parseOptions,
} from "@mlxterp/results";
import { askedModel } from "../shared/any-model.js";
import { askedOf } from "../shared/asked.js";
import { layersThatAttend } from "../shared/attending.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { otherModel } from "../shared/other-model.js";
import { fedOf, isOnePrompt, type OnePrompt, positionLabels, promptIds, promptList, textOf } from "../shared/prompts.js"; // biome-ignore format: one import
import { stoppable } from "../shared/stoppable.js";
import { meanDistance, relativeDistance } from "./distances.js";
import { type ModelDiffOptions, modelDiffOptions } from "./options.js";
import { type OwnRun, ownChanges } from "./own-changes.js";
import type { ModelDiffGrids, ModelDiffResult } from "./result.js";

type Asked = ParsedOptions<typeof modelDiffOptions>;

/**
 * Compares a model with another, or with itself after a change.
 *
 * @param prompt one prompt gives one result; a list gives a list. The other model gets the same token ids
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for neither or both of `other` and `change`, and for another vocabulary or other words;
 *   InterventionSyntaxError (`INTERVENTION_SYNTAX`), UnknownSiteError (`UNKNOWN_SITE`), NotFiniteError (`NOT_FINITE`); the signal's reason
 * @example
 * const { grids } = await modelDiff(model, "the capital of France is", { change: "layers.2.mlp=scale(0)" });
 * valueAt(grids.residual!, { layer: 1, position: -1 }); // 0: nothing differs below
 */
export function modelDiff(model: AnalysisModel, prompt: OnePrompt, options: ModelDiffOptions): Promise<ModelDiffResult>; // biome-ignore format: overloads
export function modelDiff(model: AnalysisModel, prompts: Prompt, options: ModelDiffOptions): Promise<ModelDiffResult | ModelDiffResult[]>; // biome-ignore format: overloads
export async function modelDiff(
  model: AnalysisModel,
  input: Prompt,
  options: ModelDiffOptions,
): Promise<ModelDiffResult | ModelDiffResult[]> {
  const asked = parseOptions("modelDiff", modelDiffOptions, options);
  const prompts = promptIds(model, promptList(model, input));
  const other = otherOf(model, asked, prompts);
  const results: ModelDiffResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    results.push(await stoppable(asked.signal, () => compareOn(model, other, ids, asked)));
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "comparing" });
  }
  return isOnePrompt(input) ? results[0] : results;
}

function otherOf(
  model: AnalysisModel,
  { other, change }: Asked,
  prompts: readonly (readonly number[])[],
): AnalysisModel {
  if ((other === undefined) === (change === undefined)) {
    throw new InvalidArgumentError("other", other, "give another model, or a change of this one: one of the two."); // biome-ignore format: one line
  }
  if (change !== undefined) {
    const entries = [change].flat();
    return model.edit(parseInterventionEntries(entries), { name: entries.join(" ") });
  }
  return otherModel(model, other!, prompts); // one of both is there
}

/** What two models have in common. */
function sharedShapes(model: AnalysisModel, other: AnalysisModel) {
  const [a, b] = [model.anatomy, other.anatomy];
  const streams = a.layers === b.layers && a.hidden === b.hidden;
  const [own, theirs] = [model, other].map(layersThatAttend);
  const alike = streams && own.join() === theirs.join();
  const same = (part: "heads" | "headDim") => anatomyPart(a, part) === anatomyPart(b, part);
  return { streams, heads: alike && same("heads") && same("headDim") ? own : undefined };
}

async function compareOn(
  model: AnalysisModel,
  other: AnalysisModel,
  ids: readonly number[],
  asked: Asked,
): Promise<ModelDiffResult> {
  const shared = sharedShapes(model, other);
  const own = await readModel(model, ids, shared.heads ?? []);
  const theirs = await readModel(other, ids, shared.heads ?? []);
  const divergence = await divergenceOf(own.logits, theirs.logits);
  if (!divergence.every(Number.isFinite))
    throw await notFiniteError("Divergences", model, [[...ids]]);
  const position = positionLabels(model, ids);
  const layer = range(model.anatomy.layers);
  const changes = shared.streams && (await ownChanges(other, ids, own, shared.heads ?? []));
  const grids: ModelDiffGrids = {
    divergence: createGrid({ labels: { position }, values: divergence, unit: "nats" }),
    ...(changes && {
      residual: createGrid({ labels: { layer, position }, values: await numbersOf(own.streams.map((one, at) => relativeDistance(one, theirs.streams[at]))), unit: "share" }), // biome-ignore format: one line
      ownLayer: createGrid({ labels: { layer: ["embedding", ...layer] }, values: changes.layers, unit: "share" }), // biome-ignore format: one line
      patched: createGrid({
        labels: { layer: ["none", ...layer] },
        values: [divergence[divergence.length - 1], ...(await patchedDivergences(other, ids, own))],
        unit: "nats",
      }),
    }),
    ...(changes &&
      shared.heads?.length && {
        head: createGrid({ labels: { layer: shared.heads, head: range(model.anatomy.heads) }, values: await numbersOf(own.heads.map((one, at) => meanDistance(one, theirs.heads[at]))), unit: "share" }), // biome-ignore format: one line
        ownHead: createGrid({ labels: { layer: shared.heads, head: range(model.anatomy.heads) }, values: changes.heads, unit: "share" }), // biome-ignore format: one line
      }),
  };
  return {
    method: "diff",
    asked: askedOf(asked, asked.other ? { other: askedModel(other) } : {}),
    fed: [fedOf(model, "prompt", ids)],
    grids,
    tables: { tokens: createTable(["id", "text", "model", "other"], await changedTokens(model, own, theirs, asked.topK)) }, // biome-ignore format: one line
    notes: notesOf(shared),
    provenance: provenanceOf(model),
  };
}

function notesOf({ streams, heads }: ReturnType<typeof sharedShapes>): Note[] {
  if (!streams) return [{ code: "OTHER_SHAPE", text: "the models differ in layers or width: only their predictions are compared." }]; // biome-ignore format: one note
  if (heads?.length === 0) return [{ code: "NO_HEADS", text: "no layer of these models attends: there are no heads to compare." }]; // biome-ignore format: one note
  return heads ? [] : [{ code: "OTHER_HEADS", text: "the models differ in heads, which are not compared." }]; // biome-ignore format: one note
}

interface Read extends OwnRun {
  readonly logits: MxArray; // (position, vocab)
}

async function readModel(
  model: AnalysisModel,
  ids: readonly number[],
  attending: readonly number[],
): Promise<Read> {
  const layers = range(model.anatomy.layers);
  const sites = layers.map((layer) => `layers.${layer}`);
  const mixed = attending.map((layer) => `layers.${layer}.selfAttn.z`);
  const cache = await model.run([[...ids]], {
    save: ["layers.0.input", ...sites, ...mixed, "output"],
  });
  const read = (site: string) => cache.get(site).index(0).astype(mx.float32);
  return {
    logits: read("output"),
    embedded: read("layers.0.input"),
    streams: sites.map(read),
    heads: mixed.map(read),
  };
}

/** KL(first ‖ second) of each row, in nats. */
async function divergenceOf(first: MxArray, second: MxArray): Promise<number[]> {
  const found = mx.maximum(klDivergence(logProbabilities(first), logProbabilities(second)), 0);
  await evaluate([found]);
  return [...toFlat(found)];
}

/** Computed, one after the other. */
async function numbersOf(found: readonly MxArray[]): Promise<number[]> {
  await evaluate([...found]);
  return found.flatMap((one) => [...toFlat(one)]);
}

/** The divergence at the end when the other model goes on from this model's stream after each layer. */
async function patchedDivergences(
  other: AnalysisModel,
  ids: readonly number[],
  own: Read,
): Promise<number[]> {
  const end = own.logits.index(mx.Slice(-1));
  const found: number[] = [];
  for (const [layer, stream] of own.streams.entries()) {
    const interventions = { [`layers.${layer}`]: () => mx.expandDims(stream, 0) };
    const [logits] = await lazyPass(other, [[...ids]], { interventions }, (trace) => [lastLogits(other, trace)]); // biome-ignore format: one line
    found.push(...(await divergenceOf(end, logits)));
  }
  return found;
}

async function changedTokens(model: AnalysisModel, own: Read, theirs: Read, count: number) {
  const [a, b] = [own, theirs].map(({ logits }) => toFlat(mx.softmax(logits.index(-1), -1)));
  const order = Array.from(a, (_, id) => id).sort((x, y) => b[y] - a[y] - (b[x] - a[x]));
  const ids = [...new Set([...order.slice(0, count), ...order.slice(-count)])];
  const texts = textOf(model, ids);
  return ids.map((id, at) => ({ id, text: texts[at], model: a[id], other: b[id] }));
}
