/**
 * Head types: which heads look at the previous token, at copies, or at what followed a copy.
 *
 * On a random sequence that is repeated once, meaning gives no hint, so a head's attention shows its mechanism: an
 * induction head looks from the second copy to the token after its first occurrence, and so predicts the repetition; it
 * needs a previous-token head in an earlier layer to know what came after what.
 *
 * Two numbers say what a score is worth: what a head that looks everywhere alike would have, and the highest of any head when the tokens
 * that define the targets are shuffled.
 *
 * Caveats. The score is attention, not effect: ablate the heads to see that the ability goes. Models trained on
 * text of one kind may use a mechanism there and not on random tokens; give prompts of that kind. A head
 * can have several types, and many have none. Models without attention sinks score low as `firstToken` throughout.
 *
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", arXiv 2209.11895; Elhage et al. 2021.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import { labelText, type Note, type ParsedOptions, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { classify } from "./classify.js";
import { allKinds } from "./head-kinds.js";
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
 * const detectors = { twoBack: (query: number, key: number) => key === query - 2 };
 * (await headTypes(model, "Mary and John", { detectors })).grids.score.labels.type[0]; // "twoBack"
 */
export async function headTypes(
  model: AnalysisModel,
  input?: Prompt,
  options?: HeadTypeOptions,
): Promise<HeadTypesResult> {
  const asked = parseOptions("headTypes", headTypeOptions, options);
  const { seed, batchSize, signal, onProgress } = asked;
  const kinds = allKinds(asked.detectors);
  const [first, current] = (["first", "current"] as const).map((one) =>
    asked.exclude.includes(one),
  );
  const counts = (query: number, key: number) =>
    !(first && key === 0) && !(current && key === query);
  const drawn = input === undefined;
  if (!drawn) refuseRandomOptions(options);
  const layers = attendingLayers("headTypes", model);
  const prompts = drawn ? randomPrompts(model, asked) : promptIds(model, promptList(model, input));
  const sums: ScoreSums[] = [];
  let done = 0;
  for (const batch of inBatches(prompts, batchSize)) {
    signal?.throwIfAborted();
    const shuffled = range(asked.nulls).map((draw) =>
      batch.map((ids, row) => shuffle(ids, uniformNumbers(seed + 1 + draw + 7919 * (done + row)))),
    );
    const targets = kinds.map(([, own]) => own);
    sums.push(
      await sumScores(model, { layers, prompts: batch, shuffled, kinds: targets, counts, signal }),
    );
    done += batch.length;
    onProgress?.({ done, total: prompts.length, stage: "head types" });
  }
  const { bothWays, ...scores } = classify(model, sums, {
    ...asked,
    layers,
    kinds: kinds.map(([name]) => name),
  });
  if (!scores.grids.score.values.every(Number.isFinite)) {
    throw await notFiniteError("Scores of heads", model, prompts);
  }
  return {
    method: "heads",
    asked: askedOf(asked, asked.detectors && { detectors: namesOf(asked.detectors) }),
    fed: prompts.map((ids) => fedOf(model, drawn ? "random" : "prompt", ids)),
    ...scores,
    notes: [...chanceNotes(scores.grids.shuffled), ...(bothWays ? [seesAhead] : [])],
    provenance: provenanceOf(model, drawn ? { seed } : {}),
  };
}

const seesAhead: Note = {
  code: "BOTH_WAYS",
  text: "attention goes both ways here: targets are sought among tokens up to the query's own, and uniform is over whole prompts.",
};

/** What `shuffled` cannot say, and why. */
function chanceNotes({ labels, values }: HeadTypesResult["grids"]["shuffled"]): Note[] {
  const fixed = labels.type.filter((_, at) => Number.isNaN(values[at])).map(labelText);
  if (fixed.length === 0) return [];
  const text = `${fixed.join(", ")}: where these look did not depend on the tokens, so shuffling them says nothing of chance (NaN); compare with uniform.`;
  return [{ code: "NOT_SHUFFLED", text }];
}

/** Functions of one's own are kept by name, and cannot be run again from data. */
function namesOf(detectors: Readonly<Record<string, unknown>>) {
  return { function: Object.keys(detectors).join(", ") };
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

function shuffle(ids: readonly number[], random: () => number): number[] {
  const mixed = [...ids];
  for (let index = mixed.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other], mixed[index]];
  }
  return mixed;
}
