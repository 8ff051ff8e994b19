/**
 * Copying loss: how well a model says again what it has never seen before, and which heads that takes.
 *
 * Random tokens said twice give no hint but the first copy. Where the loss of the second copy is far lower than that of the
 * first, the model copies; where it no longer is without some heads, these do the copying. As many other heads, from the
 * last layer down, are taken away for comparison.
 *
 * Caveats. Zero is a value that a head may never take, and the shock can hurt by itself: the other heads say how much. The
 * first token of the second copy cannot be known, so that both copies are counted from their second token. A model trained
 * on few words may do badly on random ones altogether.
 *
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", arXiv 2209.11895.
 */
import { checkModel, notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError, parseOptions } from "@mlxterp/results";
import { fittingLength, repeatedTokens } from "../head-types/random-tokens.js";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { RunControl } from "../shared/progress.js";
import { fedOf, promptIds, promptList } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { lossGrid, lossTable, type RunLosses } from "./arrange.js";
import { type Copied, findCopies } from "./copies.js";
import { type CopyingLossOptions, copyingLossOptions } from "./options.js";
import type { CopyingLossResult } from "./result.js";
import { type Head, tokenLosses, withoutHeads } from "./token-losses.js";

/**
 * The loss over both copies, in nats per token.
 *
 * @param input prompts that end with the same tokens twice; without any, random tokens
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for prompts without a copy, sequences that do not fit the model, and options
 *   that do not exist; OutOfRangeError (`OUT_OF_RANGE`) for a head that does not exist; NotFiniteError (`NOT_FINITE`)
 * @example
 * const { tables } = await copyingLoss(model, undefined, { heads: [[1, 0], [1, 3]], sequences: 2 });
 * tables.losses.rows.map(({ run }) => run); // ["intact", "without", "control"]
 */
export async function copyingLoss(
  model: AnalysisModel,
  input?: Prompt,
  options?: CopyingLossOptions,
): Promise<CopyingLossResult> {
  const asked = parseOptions("copyingLoss", copyingLossOptions, options);
  const { seed, sequences, batchSize } = asked;
  const drawn = input === undefined;
  if (!drawn) refuseLength(asked.length);
  const length = asked.length ?? fittingLength(model);
  const prompts = drawn
    ? repeatedTokens(model, { seed, length, sequences })
    : promptIds(model, promptList(model, input));
  const copied = prompts.map(findCopies);
  const heads = asked.heads && checkHeads(model, asked.heads);
  const runs = await measureRuns(model, copied, heads, { ...asked, batchSize });
  return {
    method: "copying",
    asked: askedOf(asked, { heads }),
    fed: prompts.map((ids) => fedOf(model, drawn ? "random" : "prompt", ids)),
    grids: { second: lossGrid(copied, runs) },
    tables: { losses: lossTable(copied, runs) },
    notes: [],
    provenance: {
      ...provenanceOf(model, drawn ? { seed } : {}),
      ...(heads && { interventions: Object.keys(withoutHeads(heads)) }),
    },
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what would do nothing */
function refuseLength(length: number | undefined): void {
  if (length === undefined) return;
  const rule = "length is of random tokens; with prompts there are none. Leave one of the two out.";
  throw new InvalidArgumentError("length", length, rule);
}

/** Each head once, counted from the start. */
function checkHeads(model: AnalysisModel, heads: readonly Head[]): [number, number][] {
  checkModel("model", model);
  const { anatomy } = model;
  const checked = heads.map(([layer, head]): [number, number] => [
    attendingLayers("copyingLoss", model, [layer])[0],
    select("Head", [head], anatomy.heads)[0],
  ]);
  return [...new Map(checked.map((head) => [head.join("."), head])).values()];
}

/** As many other heads, from the last layer down; fewer where there are no more. */
function otherHeads(model: AnalysisModel, taken: readonly Head[]): Head[] {
  const names = new Set(taken.map((head) => head.join(".")));
  const all = attendingLayers("copyingLoss", model).flatMap((layer) =>
    range(model.anatomy.heads).map((head): Head => [layer, head]),
  );
  return all.filter((head) => !names.has(head.join("."))).slice(-taken.length);
}

async function measureRuns(
  model: AnalysisModel,
  copied: readonly Copied[],
  heads: readonly Head[] | undefined,
  control: RunControl & { readonly batchSize: number },
): Promise<RunLosses[]> {
  const plans: Omit<RunLosses, "losses">[] = [{ run: "intact", heads: [] }];
  if (heads) {
    plans.push({ run: "without", heads }, { run: "control", heads: otherHeads(model, heads) });
  }
  const total = plans.length * copied.length;
  const runs: RunLosses[] = [];
  for (const plan of plans) {
    const interventions = withoutHeads(plan.heads);
    const losses: number[][] = [];
    for (const batch of inBatches(copied, control.batchSize)) {
      control.signal?.throwIfAborted();
      const ids = batch.map((one) => one.ids);
      losses.push(...(await tokenLosses(model, ids, interventions)));
      if (!losses.flat().every(Number.isFinite)) {
        throw await notFiniteError("Losses", model, ids, { interventions });
      }
      const done = runs.length * copied.length + losses.length;
      control.onProgress?.({ done, total, stage: "copying" });
    }
    runs.push({ ...plan, losses });
  }
  return runs;
}
