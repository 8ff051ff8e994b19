/** How well random words are copied when they come a second time, and what it takes. */
import type { CopyingLossResult, CopyingRun, HeadScores, HeadTypesResult } from "@mlxterp/analysis";
import type { LanguageModel } from "@mlxterp/models";
import type { Head } from "./story.js";

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
  signal: AbortSignal,
): Promise<Copying> {
  const { copyingLoss, headScores } = await import("@mlxterp/analysis");
  const heads = headScores(types);
  const induction = inductionHeads(heads);
  const prompts = types.fed.map(({ ids }) => ids);
  const chosen = induction.map(({ layer, head }) => [layer, head] as const);
  const result = await copyingLoss(model, prompts, { heads: chosen, signal });
  return {
    intact: await lossOf(result, "intact"),
    induction,
    previous: bestOf(heads, "previousToken"),
    withoutInduction: await lossOf(result, "without"),
    controls: await controlsOf(result),
    withoutControls: await lossOf(result, "control"),
  };
}

async function lossOf(result: CopyingLossResult, run: CopyingRun): Promise<CopyLoss> {
  const { copyLossOf } = await import("@mlxterp/analysis");
  const { first, second } = copyLossOf(result, run);
  return { first, second };
}

async function controlsOf(result: CopyingLossResult): Promise<Head[]> {
  const { copyLossOf } = await import("@mlxterp/analysis");
  return copyLossOf(result, "control").heads.map(([layer, head]) => ({ layer, head }));
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
