/** Patching against values that TransformerLens and a float64 sweep computed, where they are beside the project. */
import type { LanguageModel } from "@mlxterp/models";
import type { Grid } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import type { PatchPart } from "../patching/kinds.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { activationPatching } from "./activation-patching.js";

const streams = { resid_pre: "residual", resid_mid: "residualMid", attn_out: "attention", mlp_out: "mlp" } as const; // biome-ignore format: one table
const units = { z: "head", q: "query", k: "key", v: "value", pattern: "pattern" } as const;

/** One grid of the reference: of which kind, at which positions, in which order of axes. */
interface Asked {
  readonly name: string;
  readonly kind: PatchPart;
  readonly positions: "each" | "all";
  readonly ungrouped: boolean;
  readonly positionFirst: boolean;
}

function askedOf(shares: boolean): Asked[] {
  const whole = { ungrouped: false, positionFirst: false };
  const found: Asked[] = Object.entries(streams).map(([name, kind]) => {
    return { name, kind, positions: "each", ...whole };
  });
  for (const [letter, kind] of Object.entries(units)) {
    const shared = shares && (letter === "k" || letter === "v");
    const own = { kind, ungrouped: shared, positionFirst: letter !== "pattern" };
    const each = letter === "pattern" ? "pattern_head_dest" : `${letter}_pos_head`;
    found.push({ name: `${letter}_head`, positions: "all", ...own }, { name: each, positions: "each", ...own }); // biome-ignore format: two grids
    if (!shared) continue;
    found.push({ ...own, name: `${letter}_head_kv_grouped`, positions: "all", ungrouped: false });
    found.push({ ...own, name: `${letter}_pos_head_kv_grouped`, positions: "each", ungrouped: false }); // biome-ignore format: one grid
  }
  return found;
}

/** Row by row in the reference's order of axes: (layer, position, head) where ours is (layer, head, position). */
function ordered({ values, labels }: Grid, unit: string | undefined, positionFirst: boolean) {
  if (unit === undefined || !positionFirst) return [...values];
  const [layers, heads, positions] = [labels.layer, labels[unit], labels.position].map((list) => list.length); // biome-ignore format: one line
  const found = new Array<number>(values.length);
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) {
      for (let at = 0; at < positions; at++) {
        found[(layer * positions + at) * heads + head] = values[(layer * heads + head) * positions + at]; // biome-ignore format: one line
      }
    }
  }
  return found;
}

describe.each(sweep(["gpt2", "llama", "stories15M"], 2))("%s", (name) => {
  it.skipIf(!hasMethodCase("activation-patching", name))(
    "agrees in every grid, both ways",
    async () => {
      const reference = openMethodCase("activation-patching", name);
      const model: LanguageModel = await modelOfCase("activation-patching", name);
      const { atol, rtol } = reference.about.tolerance as { atol: number; rtol: number };
      const shares = model.anatomy.heads !== model.anatomy.kvHeads;
      let grids = 0;
      for (const [word, direction] of [
        ["denoise", "denoising"],
        ["noise", "noising"],
      ] as const) {
        // biome-ignore format: one loop
        for (const asked of askedOf(shares)) {
          const key = `${word}.${asked.name}`;
          if (!reference.has(key)) continue;
          const { kind, positions, ungrouped, positionFirst } = asked;
          const options = { ...reference.question, kinds: kind, positions, direction, ungrouped };
          const result = await activationPatching(model, reference.pairs, options);
          const grid = result.grids[`${kind}Metric`] as Grid;
          const unit = grid.axes.find((axis) => axis === "head" || axis === "kvHead");
          const found = ordered(grid, unit, positionFirst);
          const expected = reference.numbers(key);
          expect(found).toHaveLength(expected.length);
          expected.forEach((value, at) => {
            const error = Math.abs(found[at] - value);
            expect(error, `${key} ${at}`).toBeLessThan(atol + rtol * Math.abs(value));
          });
          grids++;
        }
      }
      const named = Object.keys(reference.about.shapes).filter((key) => key.includes("."));
      expect(grids).toBe(named.length); // none is left out
    },
    60_000,
  );
});
