/** What turns carry to the answer: attention between them cut, and their streams put into another conversation. */
import { notFiniteError } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { runSweep } from "../patching/sweep.js";
import type { AnswerTokens } from "../shared/answers.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import { rowsThatFit } from "../shared/memory.js";
import type { AnalysisModel } from "../shared/model.js";
import { logProbabilityOf } from "../shared/token-sets.js";
import type { Group } from "./groups.js";
import type { AskedTurns } from "./options.js";

/** What is asked of the answer. */
export interface AskedAnswer {
  readonly answer: AnswerTokens;
  readonly wrongAnswer?: AnswerTokens | undefined;
}

/** Log probability of the answer, less that of the wrong one; (rows, vocab) → (rows). */
function scoresOf({ answer, wrongAnswer }: AskedAnswer): (logits: MxArray) => MxArray {
  return (logits) => {
    const own = logProbabilityOf(logits, [answer.set]);
    return wrongAnswer ? mx.subtract(own, logProbabilityOf(logits, [wrongAnswer.set])) : own;
  };
}

/** @returns (query, key) row by row: what the answer loses; NaN where nothing can be cut. And what it scores uncut. */
export async function cutTurns(
  model: AnalysisModel,
  ids: readonly number[],
  groups: readonly Group[],
  about: AskedAnswer & {
    readonly layers: readonly number[];
    readonly signal: AskedTurns["signal"];
    readonly onProgress: AskedTurns["onProgress"];
  },
): Promise<{ losses: Float64Array; plain: number }> {
  const score = scoresOf(about);
  const run = async (cut: readonly [Group, Group] | undefined) => {
    const hide = cut && hidden(ids.length, cut[0].positions, cut[1].positions);
    const change = (x: MxArray) => (hide ? mx.where(hide, -1e9, x).astype(x.dtype) : x);
    const sites = hide ? about.layers.map((layer) => `layers.${layer}.selfAttn.scores`) : [];
    const interventions = Object.fromEntries(sites.map((site) => [site, change]));
    const [found] = await lazyPass(model, [[...ids]], { interventions }, (trace) => [
      score(lastLogits(model, trace)),
    ]);
    return toFlat(found)[0];
  };
  const plain = await run(undefined);
  if (!Number.isFinite(plain)) throw await notFiniteError("Logits", model, [[...ids]]);
  const losses = new Float64Array(groups.length ** 2).fill(Number.NaN);
  for (const [later, query] of groups.entries()) {
    for (const [earlier, key] of groups.slice(0, later).entries()) {
      about.signal?.throwIfAborted();
      losses[later * groups.length + earlier] = plain - (await run([query, key]));
    }
    about.onProgress?.({ done: later + 1, total: groups.length, stage: "turns" });
  }
  return { losses, plain };
}

/** (1, 1, query, key): where attention is cut. */
function hidden(width: number, queries: readonly number[], keys: readonly number[]): MxArray {
  const [from, to] = [new Set(queries), new Set(keys)];
  const mask = range(width).map((query) =>
    range(width).map((key) => (from.has(query) && to.has(key) ? 1 : 0)),
  );
  return mx.greater(mx.array(mask as number[][]).reshape([1, 1, width, width]), 0);
}

/**
 * Puts the stream of each turn before each layer into another conversation.
 *
 * @returns (layer, turn) row by row, 0 where nothing comes back and 1 where all does; and what the other conversation scores
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for one of another length; EqualBaselinesError (`EQUAL_BASELINES`)
 */
export async function patchTurns(
  model: AnalysisModel,
  [ids, other]: readonly [readonly number[], readonly number[]],
  groups: readonly Group[],
  about: AskedAnswer & { readonly plain: number; readonly signal: AskedTurns["signal"] },
): Promise<{ effects: number[]; corrupted: number }> {
  if (other.length !== ids.length) {
    const rule = `it has ${other.length} tokens and the conversation ${ids.length}; turns are patched position by position.`;
    throw new InvalidArgumentError("against", other.length, rule);
  }
  const { layers } = model.anatomy;
  const score = scoresOf(about);
  using cache = await model.run([[...ids], [...other]], { save: ["layers.*.input", "output"] });
  const [, corrupted] = toFlat(score(cache.last("output")));
  if (Math.abs(about.plain - corrupted) <= 1e-5 * Math.max(Math.abs(corrupted), 1e-30)) {
    throw new EqualBaselinesError(0, "logProbability", about.plain, corrupted);
  }
  const of = (row: number) => (site: string) => cache.get(site).index(mx.Slice(row, row + 1));
  const runs = range(layers).flatMap((layer) =>
    groups.map(({ positions }) => ({
      base: 0,
      changes: [{ part: "residual" as const, layer, positions, units: null, source: 0, row: 0 }],
    })),
  );
  const scores = await runSweep(
    {
      ...{ model, ids: [other], base: of(1), scores: [corrupted], sources: [{ at: of(0) }] },
      ...{ judge: () => score, maxRows: rowsThatFit(model, ids.length), signal: about.signal },
    },
    runs,
  );
  return { effects: scores.map((one) => (one - corrupted) / (about.plain - corrupted)), corrupted };
}
