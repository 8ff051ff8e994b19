/** Recurrent and hybrid families: states as transformers has them, and a memory that changes nothing, whatever is changed. */
import type { Interventions } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, RecurrentModel } from "../index.js";
import { padLeft } from "../test-support/left-padding.js";
import { compareStates } from "../test-support/recurrent-comparison.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { sweptRecurrentFolders } from "../test-support/reference-folders.js";

const tolerance = 1e-4;
const tokensOf = (seed: number, length: number) =>
  Array.from({ length }, (_, index) => 3 + (((seed + 1) * 7919 + index * index * 31) % 57));

/** Reads pieces one after the other; logits of all of them. */
async function inPieces(
  model: RecurrentModel,
  ids: readonly number[][],
  { ends, interventions, padding }: { ends: number[]; interventions: Interventions; padding?: number[] }, // biome-ignore format: one line
): Promise<MxArray> {
  const cache = model.createCache();
  const parts: MxArray[] = [];
  for (const [step, end] of ends.entries()) {
    const args = [{ cache, ...(step === 0 && { padding }) }];
    const piece = ids.map((row) => row.slice(cache.length, end));
    parts.push(model.collectLazily(piece, { interventions, args }).get("output"));
    await evaluate([...parts, ...cache.arrays()]);
  }
  return mx.concatenate(parts, 1);
}

const half = (x: MxArray) => mx.multiply(x, 0.5);

const mixerSites = (model: RecurrentModel) =>
  model.sites("layers.*.mixer.*" as string).map(({ site }) => site);

/** What a pass may change of every mixer, where its families have it. */
function changesOf(model: RecurrentModel): [string, Interventions][] {
  const sites = mixerSites(model);
  const known = ["decay", "write", "state", "post"].filter((name) =>
    sites.some((site) => site.endsWith(`mixer.${name}`)),
  );
  return [
    ["nothing", {}],
    ...known.map((site): [string, Interventions] => [site, { [`layers.*.mixer.${site}`]: half }]),
  ];
}

describe.each(sweptRecurrentFolders())("$name", ({ folder }) => {
  const opened = loadModel(folder, { as: RecurrentModel });
  const activations = readActivations(folder);

  it("has transformers' states after the last token", async () => {
    const differences = await compareStates(await opened, activations);
    for (const difference of differences) expect(difference).toBeLessThan(tolerance);
  });

  it("computes the same in pieces, whatever is changed", async () => {
    const model = await opened;
    const ids = rows(activations.input_ids);
    for (const [site, interventions] of changesOf(model)) {
      const whole = (await model.run(ids, { interventions })).get("output");
      const pieces = await inPieces(model, ids, { ends: [1, 7, 12], interventions });
      expect(maxDifference(pieces, whole), site).toBeLessThan(tolerance);
    }
  });

  it("computes for padded prompts what it does for each alone, whatever is changed", async () => {
    const model = await opened;
    const prompts = [tokensOf(1, 9), tokensOf(2, 2)];
    const later = prompts.map((_, row) => tokensOf(row + 7, 3));
    const { rows: padded, padding } = padLeft(prompts, 11);
    const ids = padded.map((row, index) => [...row, ...later[index]]);
    for (const [site, interventions] of changesOf(model)) {
      const ends = [9, 12];
      const together = await inPieces(model, ids, { ends, interventions, padding });
      for (const [row, prompt] of prompts.entries()) {
        const alone = await model.run([[...prompt, ...later[row]]], { interventions });
        const ours = together.index(mx.Slice(row, row + 1), mx.Slice(padding[row], null));
        expect(maxDifference(ours, alone.get("output")), site).toBeLessThan(tolerance);
      }
    }
  });

  it("reads and changes the same states: what passes unchanged changes nothing", async () => {
    const model = await opened;
    const ids = [tokensOf(4, Math.min(model.config.maxPositions ?? 70, 70))]; // more than a chunk
    const found = mixerSites(model).filter((site) => /\.(decay|write|state|read)$/.test(site));
    const read = await model.run(ids, { save: [...found, "output"] });
    const interventions = Object.fromEntries(found.map((site) => [site, (x: MxArray) => x]));
    const changed = await model.run(ids, { interventions, save: [...found, "output"] });
    for (const site of [...found, "output"]) {
      expect(maxDifference(changed.get(site), read.get(site)), site).toBeLessThan(tolerance);
    }
  });
});
