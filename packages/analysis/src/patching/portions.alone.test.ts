/** Runs in portions: the cheapest of all ways to part them, and the same scores as without, whichever text a run begins as. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { range } from "../shared/lists.js";
import { createMetric } from "../shared/metrics.js";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { type Portioned, portionsOf } from "./portions.js";
import type { PatchedRun } from "./runs.js";
import { runSweep } from "./sweep.js";
import { noWork } from "./work.js";

/** What a pass costs beside its rows, in this file. */
const cost = vi.hoisted(() => ({ overhead: 0 }));

vi.mock("./portions.js", async (original) => {
  const own = await original<typeof import("./portions.js")>();
  return { ...own, passOverhead: () => cost.overhead };
});

function run(layer: number, position: number, base = 0): PatchedRun {
  const place = { part: "residual", layer, positions: [position], units: null } as const;
  return { base, changes: [{ ...place, source: 0, row: base }] };
}

const given = { layers: 4, length: 9, steps: 2, texts: 1, canBegin: () => true };
const changedFrom = ({ changes: [{ positions }] }: PatchedRun) => positions![0];

/** What passes over these runs cost that begin at the earliest of each. */
function costOf(runs: readonly PatchedRun[], parts: readonly number[][], overhead: number): number {
  return parts.reduce((sum, part) => {
    const own = part.map((number) => runs[number].changes[0]);
    const from = Math.min(...own.map(({ positions }) => Math.min(positions![0], 7)));
    const start = Math.min(...own.map(({ layer }) => layer));
    const rows = own.reduce((total, { layer }) => total + 4 - layer, 0);
    return sum + overhead * (4 - start) + rows * (9 - from);
  }, 0);
}

/** Every way to part a list into lists. */
function partings(list: readonly number[]): number[][][] {
  if (list.length === 0) return [[]];
  const [first, ...rest] = list;
  return partings(rest).flatMap((parts) => [
    [[first], ...parts],
    ...parts.map((_, at) => parts.map((part, own) => (own === at ? [first, ...part] : part))),
  ]);
}

it("parts runs in the cheapest of all ways, unless one pass from the beginning is as cheap", () => {
  const one = fc.tuple(fc.nat(3), fc.nat(8)).map(([layer, position]) => run(layer, position));
  const runs = fc.array(one, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(runs, fc.integer({ min: 0, max: 30 }), (list, overhead) => {
      const asked: Portioned = { ...given, overhead, changedFrom };
      const portions = portionsOf(list, asked);
      expect(portions.flatMap((portion) => portion.runs).sort()).toEqual(range(list.length));
      const found = costOf(list, portions.map((portion) => [...portion.runs]), overhead); // biome-ignore format: one call
      const best = Math.min(...partings(range(list.length)).map((parts) => costOf(list, parts, overhead))); // biome-ignore format: one call
      const reading = 4 * (overhead + 9);
      const start = Math.min(...list.map(({ changes }) => changes[0].layer));
      const rows = list.reduce((sum, { changes }) => sum + 4 - changes[0].layer, 0);
      const atOnce = overhead * (4 - start) + rows * 9;
      if (best + reading < atOnce) expect(found).toBe(best);
      else expect(portions.map(({ from }) => from)).toEqual([0]);
    }),
    { numRuns: 60, seed: 3 },
  );
});

it("scores runs of several texts as it does without leaving positions out", async () => {
  const decoder = initializeWeights(new Decoder(llamaLike), { seed: 4, deviation: 0.3 });
  const model = new LanguageModel(decoder, { config: llamaLike });
  const ids = [5, 17, 2, 25, 8, 13].map((id, at) => [id, at + 9]);
  const texts = [0, 1].map((row) => ids.map((pair) => pair[row]));
  const save = ["layers.*.input"];
  const [base, other] = [
    await model.run(texts, { save }),
    await model.run(
      texts.map((text) => text.map((id) => id + 1)),
      { save },
    ),
  ];
  const runs = range(model.anatomy.layers).flatMap((layer) =>
    [0, 1, 2, 3, 4, 5].flatMap((position) => [0, 1].map((row) => run(layer, position, row))),
  );
  const metric = createMetric("logitDifference", { answer: [3], wrongAnswer: [8] });
  const scoresAt = async (overhead: number, maxRows: number, steps: number) => {
    cost.overhead = overhead;
    const work = noWork();
    const sources = [{ at: (site: string) => other.get(site) }];
    const last = (logits: MxArray) => metric(steps === 1 ? logits : mx.mean(logits, 1));
    const scores = await runSweep({ ...{ model, ids: texts, base: (site: string) => base.get(site), scores: [0, 0] }, ...{ sources, judge: () => last, maxRows, steps, work } }, runs); // biome-ignore format: one call
    return { scores, work };
  };
  for (const steps of [1, 3]) {
    const whole = await scoresAt(1e6, 100, steps);
    for (const rows of [100, 3]) {
      const parted = await scoresAt(0, rows, steps);
      expect(largestDifference(parted.scores, whole.scores)).toBeLessThan(1e-5);
      expect(parted.work.passes).toBeGreaterThan(whole.work.passes);
      expect(parted.work.layers).toBeLessThan(0.75 * whole.work.layers);
    }
  }
});
