/** How far a decoder is from transformers on a reference checkpoint, in every respect the reference has. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "../language-model/language-model.js";
import { maxDifference, rows } from "./reference.js";

type Activations = Record<string, MxArray>;

/** Any model of token ids. */
interface Runnable {
  run(ids: number[][]): Promise<{ get(site: "output"): MxArray }>;
}

/** The largest absolute differences; booleans for continuations, which are the same or not. */
export interface ReferenceComparison {
  /** Of the input of layer 0, every layer's output and the final norm's. */
  readonly hidden: number;
  /** Of the patterns, read beside the kernel and computed in its place. */
  readonly attention: number;
  readonly logits: number;
  /** Of the logits of padded prompts, at their real tokens. */
  readonly padded: number;
  /** Greedy continuation with a cache. */
  readonly cached: boolean;
  /** Greedy continuation without one. */
  readonly recomputed: boolean;
  /** Of the gradient at the input of layer 1. */
  readonly gradient: number;
}

/** What float32 arithmetic in another order may differ by. */
export const tolerances = {
  hidden: 1e-4,
  attention: 1e-5,
  logits: 1e-4,
  padded: 1e-4,
  gradient: 1e-4,
} as const;

/** Compares everything. */
export async function compareWithReference(
  model: LanguageModel,
  activations: Activations,
): Promise<ReferenceComparison> {
  return {
    ...(await comparePass(model, activations)),
    padded: await comparePadded(model, activations),
    ...(await compareContinuations(model, activations)),
    gradient: await compareGradient(model, activations),
  };
}

/** What one pass computes: hidden states, patterns and logits. */
export async function comparePass(model: LanguageModel, activations: Activations) {
  const prompt = rows(activations.input_ids);
  const patterns = "layers.*.selfAttn.pattern";
  const last = model.config.layers.length;
  const read = await model.run(prompt, {
    save: ["layers.0.input", "layers.*", "finalNorm", patterns, "output"],
  });
  const computed = await model.run(prompt, {
    save: [patterns, "output"],
    interventions: { [patterns]: (x) => x },
  });
  const states: [string, string][] = [
    ["layers.0.input", "hidden.0"],
    ["finalNorm", `hidden.${last}`],
    [`layers.${last - 1}`, "last_layer"],
  ];
  for (let layer = 1; layer < last; layer++)
    states.push([`layers.${layer - 1}`, `hidden.${layer}`]);
  const heads = Array.from({ length: last }, (_, layer) => layer).flatMap((layer) => {
    const [site, expected] = [`layers.${layer}.selfAttn.pattern`, activations[`attn.${layer}`]];
    return [read, computed].map((cache) => maxDifference(cache.get(site), expected));
  });
  return {
    hidden: Math.max(...states.map(([a, b]) => maxDifference(read.get(a), activations[b]))),
    attention: Math.max(...heads),
    logits: Math.max(
      ...[read, computed].map((cache) => maxDifference(cache.get("output"), activations.logits)),
    ),
  };
}

/** Of the logits of padded prompts, at their real tokens. */
export async function comparePadded(model: Runnable, activations: Activations): Promise<number> {
  const mask = rows(activations.padded_mask);
  const prompts = rows(activations.padded_input_ids).map((ids, row) =>
    ids.slice(0, mask[row].filter((real) => real === 1).length),
  );
  const ours = (await model.run(prompts)).get("output");
  const apart = mx.subtract(ours, activations.padded_logits);
  const real = mx.multiply(apart, mx.expandDims(activations.padded_mask, 2));
  return maxDifference(real, mx.zerosLike(real));
}

type Generative = Pick<LanguageModel, "generate"> & Runnable;

/** Whether greedy continuations are the same, with a cache and without. */
export async function compareContinuations(model: Generative, activations: Activations) {
  const [prompt] = rows(activations.generated);
  const length = activations.input_ids.shape[1];
  return {
    cached: same(prompt, await continueCached(model, prompt.slice(0, length), prompt.length)),
    recomputed: same(prompt, await continueWhole(model, prompt.slice(0, length), prompt.length)),
  };
}

async function continueCached(model: Generative, ids: number[], length: number) {
  const tokens = [...ids];
  const options = { maxTokens: length - ids.length, ignoreEos: true };
  for await (const { token } of model.generate(ids, options)) tokens.push(token);
  return tokens;
}

async function continueWhole(model: Generative, ids: number[], length: number) {
  const tokens = [...ids];
  while (tokens.length < length) {
    const logits = (await model.run([tokens])).get("output").index(0, -1);
    tokens.push(Number(mx.argmax(logits).item()));
  }
  return tokens;
}

const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join();

async function compareGradient(model: LanguageModel, activations: Activations): Promise<number> {
  const { gradients } = await model.gradients(
    rows(activations.input_ids),
    (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
    { save: "layers.1.input" },
  );
  return maxDifference(gradients.get("layers.1.input"), activations["grad.hidden.1"]);
}
