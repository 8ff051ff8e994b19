/** Erasure by layers: the promise of LEACE on the rows that it is for, the edit that is kept, and costs against runs by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eraseLinear, loadEdits } from "@mlxterp/interventions";
import { toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { afterAll, describe, expect, it } from "vitest";
import { largestDifference } from "../shared/test-support.js";
import { builtInTask } from "../tasks/open-task.js";
import { erasure } from "./erasure.js";
import { leace } from "./leace.js";

const model = await loadModel("tiny");
const { pairs } = builtInTask(model, "agreement", { size: 8 });
const prompts = pairs.clean.flatMap((ids, at) => [ids, pairs.corrupted[at]]) as number[][];
const folder = mkdtempSync(join(tmpdir(), "mlxterp-erasure-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("erasure", () => {
  it("keeps what LEACE promises, moves less than a projection, and leaves a probe at chance", async () => {
    const [own, other] = [
      await erasure(model, pairs, { layers: [2], folds: 2, nulls: 1 }),
      await erasure(model, pairs, { layers: [2], folds: 2, nulls: 1, rule: "projection" }),
    ];
    for (const { left, gainBefore, gainAfter } of own.tables.guarantee.rows) {
      expect(left).toBeLessThan(1e-4);
      expect(gainBefore).toBeGreaterThan(0.5); // of ln 2
      expect(gainAfter).toBeLessThan(1e-4);
    }
    for (const layer of [2]) {
      const at = (grid: typeof own.grids.moved) => valueAt(grid, { layer });
      expect(at(own.grids.moved)).toBeLessThanOrEqual(at(other.grids.moved) * (1 + 1e-6));
      expect(at(own.grids.before)).toBeGreaterThan(0.9);
      expect(at(own.grids.after)).toBeLessThan(0.75);
      expect(at(own.grids.random)).toBeGreaterThan(0.9);
    }
  });

  it("moves, and costs the next token, what runs with its eraser by hand do; the edit that is kept does the same", async () => {
    const save = join(folder, "plural.json");
    const { grids, asked } = await erasure(model, pairs, { layers: [2], folds: 2, nulls: 0, save });
    expect(asked.save).toBeUndefined();
    using cache = await model.run(prompts, { save: ["layers.2", "output"] });
    const rows = cache.last("layers.2");
    const eraser = leace(rows, prompts.map((_, at) => 1 - (at % 2))); // biome-ignore format: one call
    const site = { "layers.2": eraseLinear(eraser) };
    using changed = await model.run(prompts, { save: ["layers.2", "output"], interventions: site });
    const [before, after] = [rows, changed.last("layers.2")].map(
      (one) => one.tolist() as number[][],
    );
    const centre = before[0].map((_, at) => before.reduce((sum, row) => sum + row[at], 0) / before.length); // biome-ignore format: one line
    const sum = (list: number[][], from: (row: number, at: number) => number) => list.reduce((all, row, index) => all + row.reduce((own, value, at) => own + (value - from(index, at)) ** 2, 0), 0); // biome-ignore format: one line
    const moved = sum(after, (row, at) => before[row][at]) / sum(before, (_, at) => centre[at]);
    expect(valueAt(grids.moved, { layer: 2 })).toBeCloseTo(moved, 4);
    const logs = [cache, changed].map((one) => one.last("output").tolist() as number[][]);
    const total = (row: number[]) => row.reduce((all, one) => all + Math.exp(one), 0);
    const divergence = logs[0].map((row, at) => {
      const [own, other] = [total(row), total(logs[1][at])];
      return row.reduce((all, one, id) => all + (Math.exp(one) / own) * (one - Math.log(own) - logs[1][at][id] + Math.log(other)), 0); // biome-ignore format: one line
    });
    const expected = divergence.reduce((all, one) => all + one, 0) / divergence.length;
    expect(valueAt(grids.cost, { layer: 2 })).toBeCloseTo(expected, 4);
    const view = model.withEdits(await loadEdits(save));
    using again = await view.run(prompts, { save: "output" });
    expect(largestDifference([...toFlat(again.last("output"))], [...toFlat(changed.last("output"))])).toBeLessThan(1e-4); // biome-ignore format: one line
  });

  it("says what a direction by another rule leaves, and that one pair shows nothing", async () => {
    const { notes, tables } = await erasure(model, pairs, { layers: [2], folds: 2, nulls: 0, rule: "projection", direction: "logistic" }); // biome-ignore format: one line
    expect(notes.map(({ code }) => code)).toContain("NO_GUARANTEE");
    expect(tables.guarantee.rows[0].left).toBeGreaterThan(1e-3);
    const one = { clean: pairs.clean.slice(0, 1), corrupted: pairs.corrupted.slice(0, 1) } as never;
    const alone = await erasure(model, one, { layers: [2], folds: 2, nulls: 0 });
    expect(alone.notes.map(({ code }) => code)).toEqual(["NOT_HELD_OUT"]);
    expect(valueAt(alone.grids.after, { layer: 2 })).toBeNaN();
    const same = { clean: ["the key"], corrupted: ["the key"] };
    await expect(erasure(model, same, { rule: "projection" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" }); // biome-ignore format: one line
    await expect(erasure(model, same)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
