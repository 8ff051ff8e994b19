/**
 * Head types: which heads look at the previous token, at copies, or at what followed a copy.
 *
 * On a random sequence that is repeated once, meaning gives no hint, so a head's attention shows its mechanism: an
 * induction head looks from the second copy to the token after its first occurrence, and so predicts the repetition; it
 * needs a previous-token head in an earlier layer to know what came after what.
 *
 * Caveats. The score is attention, not effect: ablate the heads to see that the ability goes. Models trained on
 * text of one kind may use a mechanism there and not on random tokens; give { prompts } of that kind. A head
 * can have several types, and many have none. Models without attention sinks score low as `firstToken` throughout.
 *
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", arXiv 2209.11895; Elhage et al. 2021.
 */
import { notFiniteError } from "@mlxterp/core";
import { createGrid, createTable, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { inBatches } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, promptIds } from "../shared/prompts.js";
import { provenanceOf } from "../shared/provenance.js";
import { type HeadKind, headKinds } from "./head-kinds.js";
import { type ScoreSums, sumScores } from "./head-scores.js";
import { type HeadTypeOptions, headTypeOptions } from "./options.js";
import { repeatedTokens, startTokens } from "./random-tokens.js";
import type { HeadTypesResult } from "./result.js";

type Asked = ParsedOptions<typeof headTypeOptions>;

/**
 * Scores every head for every type. A type without any target in the prompts (no token repeats) scores 0.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sequences that do not fit the model, and options that do not exist;
 *   NotFiniteError (`NOT_FINITE`)
 * @example
 * const { tables } = await headTypes(model, { seed: 0 });
 * tables.heads.rows.filter(({ type }) => type === "induction");
 */
export async function headTypes(
  model: AnalysisModel,
  options?: HeadTypeOptions,
): Promise<HeadTypesResult> {
  const asked = parseOptions("headTypes", headTypeOptions, options);
  const { seed, batchSize, signal, onProgress } = asked;
  const prompts = asked.prompts ? promptIds(model, asked.prompts) : randomPrompts(model, asked);
  const sums: ScoreSums[] = [];
  let done = 0;
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    sums.push(await sumScores(model, batch));
    done += batch.length;
    onProgress?.({ done, total: prompts.length, stage: "head types" });
  }
  const scores = classify(model, sums, asked.threshold);
  if (!scores.grids.score.values.every(Number.isFinite)) {
    throw await notFiniteError("Scores of heads", model, prompts);
  }
  const role = asked.prompts ? "prompt" : "random";
  return {
    method: "heads",
    asked: askedOf(asked, { prompts: undefined }),
    fed: prompts.map((ids) => fedOf(model, role, ids)),
    ...scores,
    notes: [],
    provenance: provenanceOf(model, asked.prompts ? undefined : seed),
  };
}

function randomPrompts(model: AnalysisModel, { seed, length, sequences }: Asked): number[][] {
  return repeatedTokens(model, { seed, length: length ?? fittingLength(model), sequences });
}

function fittingLength(model: AnalysisModel): number {
  const limit = model.anatomy.maxPositions ?? Number.POSITIVE_INFINITY;
  return Math.min(50, Math.floor((limit - startTokens(model).length) / 2));
}

function classify(
  model: AnalysisModel,
  sums: readonly ScoreSums[],
  threshold: number,
): Pick<HeadTypesResult, "grids" | "tables"> {
  const { layers, heads } = model.anatomy;
  const score = (layer: number, head: number, kind: number): number => {
    const queries = sums.reduce((sum, batch) => sum + batch.queries[kind], 0);
    const attention = sums.reduce((sum, batch) => sum + batch.attention[layer][head][kind], 0);
    return queries > 0 ? attention / queries : 0;
  };
  const rows = Array.from({ length: layers * heads }, (_, index) => {
    const [layer, head] = [Math.floor(index / heads), index % heads];
    const scores = headKinds.map((_kind, at) => score(layer, head, at));
    const highest = Math.max(...scores);
    const best = headKinds[scores.indexOf(highest)]; // the more specific of equals
    const type: HeadKind | null = highest >= threshold ? best : null;
    return { layer, head, type, scores };
  });
  const labels = { layer: numbers(layers), head: numbers(heads), type: headKinds };
  const values = rows.flatMap(({ scores }) => scores);
  return {
    grids: { score: createGrid({ labels, values, unit: "share" }) },
    tables: {
      heads: createTable(
        ["layer", "head", "type"],
        rows.map(({ layer, head, type }) => ({ layer, head, type })),
      ),
    },
  };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
