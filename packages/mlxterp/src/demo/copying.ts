/** How well random words are copied when they come a second time, and what it takes. */
import type { HeadScores, HeadTypesResult } from "@mlxterp/analysis";
import type { Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { allHeads, type Head, sameHead } from "./story.js";

/** Mean loss, in nats per token, over the first and the second copy. */
export interface CopyLoss {
  readonly first: number;
  readonly second: number;
}

export interface Copying {
  readonly intact: CopyLoss;
  readonly induction: readonly (Head & { readonly score: number })[];
  /** The best at looking one token back. */
  readonly previous: Head & { readonly score: number };
  readonly withoutInduction: CopyLoss;
  /** As many other heads, from the same and the neighbouring layers. */
  readonly controls: readonly Head[];
  readonly withoutControls: CopyLoss;
}

/** Takes the induction heads away, and as many others, and compares the losses. */
export async function measureCopying(
  model: LanguageModel,
  types: HeadTypesResult,
): Promise<Copying> {
  const { headScores } = await import("@mlxterp/analysis");
  const heads = headScores(types);
  const induction = inductionHeads(heads);
  const controls = controlHeads(model, induction);
  const prompts = types.fed.map(({ ids }) => ids);
  return {
    intact: await copyLoss(model, prompts),
    induction,
    previous: bestOf(heads, "previousToken"),
    withoutInduction: await copyLoss(model, prompts, await without(induction)),
    controls,
    withoutControls: await copyLoss(model, prompts, await without(controls)),
  };
}

function scored({ layer, head, scores }: HeadScores, kind: keyof HeadScores["scores"]) {
  return { layer, head, score: scores[kind] };
}

function bestOf(heads: readonly HeadScores[], kind: keyof HeadScores["scores"]) {
  return heads.map((head) => scored(head, kind)).reduce((a, b) => (b.score > a.score ? b : a));
}

/** Every head of the type, or the best one where none is clear. */
function inductionHeads(heads: readonly HeadScores[]): Copying["induction"] {
  const clear = heads.filter(({ type }) => type === "induction");
  if (clear.length === 0) return [bestOf(heads, "induction")];
  return clear.map((head) => scored(head, "induction")).sort((a, b) => b.score - a.score);
}

/** As many other heads, from the last layer down. */
function controlHeads(model: LanguageModel, taken: readonly Head[]): Head[] {
  return allHeads(model)
    .filter((head) => !taken.some((other) => sameHead(head, other)))
    .slice(-taken.length);
}

async function without(heads: readonly Head[]): Promise<Interventions> {
  const { atHeads, zeroOut } = await import("@mlxterp/interventions");
  const layers = [...new Set(heads.map(({ layer }) => layer))];
  return Object.fromEntries(
    layers.map((layer) => {
      const own = heads.filter((one) => one.layer === layer).map(({ head }) => head);
      return [`layers.${layer}.selfAttn.z`, atHeads(own, zeroOut())];
    }),
  );
}

/** @param prompts `[start] copy copy`, all of one length */
async function copyLoss(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  interventions: Interventions = {},
): Promise<CopyLoss> {
  const cache = await model.run(prompts, { interventions });
  const losses = toFlat(tokenLosses(cache.get("output"), prompts)); // by the predicted token
  const width = prompts[0].length - 1;
  const copy = Math.floor(prompts[0].length / 2);
  const mean = (from: number, to: number) => {
    const chosen = [...losses].filter((_, index) => index % width >= from && index % width < to);
    return chosen.reduce((sum, loss) => sum + loss, 0) / chosen.length;
  };
  // The first token of the second copy cannot be known, so both copies are counted from their second token.
  return { first: mean(width - 2 * copy + 1, width - copy), second: mean(width - copy + 1, width) };
}

/** −log probability of every next token: (batch, position − 1) */
function tokenLosses(logits: MxArray, prompts: readonly (readonly number[])[]): MxArray {
  const width = prompts[0].length;
  const predicting = logits.index(mx.Slice(), mx.Slice(0, width - 1));
  const next = mx.array(prompts.map((ids) => ids.slice(1)), mx.int32); // biome-ignore format: call
  const chosen = mx.takeAlongAxis(predicting, mx.expandDims(next, 2), 2).squeeze(2);
  return mx.subtract(mx.logsumexp(predicting, 2), chosen);
}
