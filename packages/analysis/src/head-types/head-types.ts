/**
 * Head types: which heads look at the previous token, at copies, or at what followed a copy.
 *
 * On a random sequence that is repeated once, meaning gives no hint, so a head's attention shows its mechanism: an
 * induction head looks from the second copy to the token after its first occurrence, and so predicts the repetition; it
 * needs a previous-token head in an earlier layer to know what came after what.
 *
 * Caveats. The score is attention, not effect: ablate the heads to see that the ability goes. Models trained on
 * text of one kind may use a mechanism there and not on random tokens; give prompts of that kind. A head
 * can have several types, and many have none. Models without attention sinks score low as `firstToken` throughout.
 *
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", arXiv 2209.11895; Elhage et al. 2021.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { createGrid, createTable, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { type HeadKind, headKinds } from "./head-kinds.js";
import { type ScoreSums, sumScores } from "./head-scores.js";
import { type HeadTypeOptions, headTypeOptions } from "./options.js";
import { fittingLength, repeatedTokens } from "./random-tokens.js";
import type { HeadTypesResult } from "./result.js";

type Asked = ParsedOptions<typeof headTypeOptions>;

/**
 * Scores every head for every type. A type without any target in the prompts (no token repeats) scores 0.
 *
 * @param input one prompt or several, which count together; without any, random tokens that are repeated once
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sequences that do not fit the model, and options that do not exist;
 *   NotFiniteError (`NOT_FINITE`)
 * @example
 * const { tables } = await headTypes(model, undefined, { seed: 0 });
 * tables.heads.rows.filter(({ type }) => type === "induction");
 */
export async function headTypes(
  model: AnalysisModel,
  input?: Prompt,
  options?: HeadTypeOptions,
): Promise<HeadTypesResult> {
  const asked = parseOptions("headTypes", headTypeOptions, options);
  const { seed, batchSize, signal, onProgress } = asked;
  const drawn = input === undefined;
  if (!drawn) refuseRandomOptions(options);
  const prompts = drawn ? randomPrompts(model, asked) : promptIds(model, promptList(model, input));
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
  return {
    method: "heads",
    asked: askedOf(asked),
    fed: prompts.map((ids) => fedOf(model, drawn ? "random" : "prompt", ids)),
    ...scores,
    notes: [],
    provenance: provenanceOf(model, drawn ? { seed } : {}),
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what would do nothing */
function refuseRandomOptions({ length }: HeadTypeOptions = {}): void {
  if (length === undefined) return;
  const rule = "length is of random tokens; with prompts there are none. Leave one of the two out.";
  throw new InvalidArgumentError("length", length, rule);
}

function randomPrompts(model: AnalysisModel, { seed, length, sequences }: Asked): number[][] {
  return repeatedTokens(model, { seed, length: length ?? fittingLength(model), sequences });
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
  const labels = { layer: range(layers), head: range(heads), type: headKinds };
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
