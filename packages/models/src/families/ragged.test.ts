/** Prompts of different lengths in one batch equal single runs in every family, padded on either side. */
import type { ActivationCache, Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LanguageModel, loadModel } from "../index.js";
import { referenceFolder, sweptFolders } from "../test-support/reference-folders.js";

const save = ["layers.*", "layers.*.selfAttn.pattern", "output"];
/** Products of other sizes, and sums with masked keys behind them, round in another order. */
const rounding = 1e-5;

/**
 * For networks that enlarge rounding. Of Gemma 4's checkpoint, transformers' float32 is 9.6e-6 from its own float64 at the
 * output, over 300 such batches, and this library's padded runs came to 1.2e-5 over 600. Of "tiny", a change of the embedding's
 * last bit moves the last layer by 3e-6; invocations of it came to 8.3e-6 at the final norm over 80, of Gemma 2 to 4.4e-6.
 */
const enlarged = 4e-5;
const roundingOf = (name: string) => (name === "gemma4_text" ? enlarged : rounding);

/** Every checkpoint has at least so many ids. */
const vocab = 60;
const prompt = fc.array(fc.integer({ min: 1, max: vocab - 1 }), { minLength: 1, maxLength: 9 });
const batch = fc.array(prompt, { minLength: 2, maxLength: 4 });

const checkpoints = sweptFolders();

function along(value: MxArray, axis: number, start: number, stop: number): MxArray {
  return mx.take(value, mx.arange(start, stop, 1, mx.int32), axis);
}

/** One row's real tokens, which begin at `start`; attention weights have two axes of positions. */
function unpadded(value: MxArray, row: number, start: number, length: number): MxArray {
  const axes = value.ndim === 4 ? [2, 3] : [1];
  const one = along(value, 0, row, row + 1);
  return axes.reduce((part, axis) => along(part, axis, start, start + length), one);
}

/** The largest difference relative to the largest number of a site, where that is above one. */
function distance(actual: MxArray, expected: MxArray): number {
  expect(actual.shape).toEqual(expected.shape);
  const [apart, size] = [mx.subtract(actual, expected), expected].map((x) =>
    Number(mx.max(mx.abs(x)).item()),
  );
  return apart / Math.max(1, size);
}

async function expectSingleRuns(
  model: LanguageModel,
  prompts: readonly number[][],
  together: ActivationCache,
  starts: readonly number[],
  tolerance = rounding,
): Promise<void> {
  for (const [row, ids] of prompts.entries()) {
    for (const [site, value] of await model.run([ids], { save })) {
      const part = unpadded(together.get(site), row, starts[row], ids.length);
      expect(distance(part, value), `${site} of prompt ${row}`).toBeLessThanOrEqual(tolerance);
    }
  }
}

function check(
  property: (prompts: number[][]) => Promise<void>,
  { batches = batch, numRuns = 1 } = {}, // of each of many families, on each side
): Promise<void> {
  return fc.assert(fc.asyncProperty(batches, property), { numRuns });
}

/** Inputs of experts, whose axes no module declares, are refused where positions could be taken for experts or prompts. */
const longerThanWide = batch.filter((prompts) => prompts.some(({ length }) => length > 4));

describe.each(checkpoints)("$name in ragged batches", ({ name, folder }) => {
  const tolerance = roundingOf(name);
  const opened = loadModel(folder);

  it("is that of single runs, padded on the right", async () => {
    const model = await opened;
    await check(async (prompts) => {
      const together = await model.run(prompts, { save });
      await expectSingleRuns(
        model,
        prompts,
        together,
        prompts.map(() => 0),
        tolerance,
      );
    });
  });

  it("is that of single runs, padded on the left", async () => {
    const model = await opened;
    await check(async (prompts) => {
      const width = Math.max(...prompts.map(({ length }) => length));
      const padding = prompts.map(({ length }) => width - length);
      const rows = prompts.map((ids, row) => [...new Array<number>(padding[row]).fill(0), ...ids]);
      const together = await model.run(rows, { save, args: [{ padding }] });
      await expectSingleRuns(model, prompts, together, padding, tolerance);
    });
  });
});

/** Scales by the number of tokens, so that padding would show. */
const byLength = (x: MxArray) => mx.multiply(x, 1 / (x.shape[1] + 1));
const programs: readonly Interventions[] = [
  {},
  { "layers.0": byLength },
  { "layers.1.selfAttn.pattern": byLength },
];
const chosen = ["gpt2", "gemma2", "mixtral"].map((name) => referenceFolder(`${name}/base`));

describe.each(["tiny", ...chosen])("invocations of %s", (source) => {
  const opened = loadModel(source);

  it("are single runs, whatever the others do", async () => {
    const model = await opened;
    await check(
      async (prompts) => {
        using trace = model.trace();
        const together = prompts.map((ids, row) =>
          trace.invoke(ids, { interventions: programs[row % programs.length] }),
        );
        for (const [row, ids] of prompts.entries()) {
          using alone = model.trace(ids, { interventions: programs[row % programs.length] });
          const values = together[row].saveAll("**", "**.input", "output");
          const expected = alone.saveAll("**", "**.input", "output");
          expect(Object.keys(values)).toEqual(Object.keys(expected));
          for (const [site, value] of Object.entries(expected)) {
            expect(distance(values[site], value), site).toBeLessThanOrEqual(enlarged);
          }
        }
      },
      { batches: longerThanWide, numRuns: 2 },
    );
  });

  it("patch the clean run into the corrupted one within one forward", async () => {
    const model = await opened;
    const [clean, corrupted] = [
      [5, 6, 7, 8],
      [5, 9, 7, 8],
    ];
    for (let layer = 0; layer < model.config.layers.length; layer++) {
      const site = `layers.${layer}`;
      const value = (await model.run([clean], { save: site })).get(site);
      const expected = await model.run([corrupted], { interventions: { [site]: () => value } });
      await using trace = model.trace();
      const first = trace.invoke(clean);
      const second = trace.invoke(corrupted, {
        interventions: { [site]: () => first.value(site) },
      });
      trace.invoke([1, 2, 3, 4, 5, 6]);
      expect(distance(second.output.save(), expected.get("output"))).toBeLessThanOrEqual(rounding);
    }
  });
});
