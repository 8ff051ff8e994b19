/** Path patching: one corrupted edge where MLPs are frozen, two runs written by hand, and values in float64. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { pathPatching } from "./path-patching.js";

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8 };

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("a model like %s", (_, given) => {
  const config = given as typeof llamaLike;
  const model = new LanguageModel(
    initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 }),
    { config },
  );
  const { layers, heads } = model.anatomy;

  it("loses what one edge carries, where MLPs are frozen", async () => {
    const exact = { ...question, scoring: "exact" } as const;
    const { tables } = await edgeAttribution(model, { clean, corrupted }, exact);
    for (const receiver of ["logits", "a2.h1<q>", "m1"]) {
      const options = { ...question, receivers: [receiver], mlps: "frozen" } as const;
      const { grids, tables: own } = await pathPatching(model, { clean, corrupted }, options);
      const [baseline] = own.baselines.rows;
      for (let layer = 0; layer < layers; layer++) {
        for (let head = 0; head < heads; head++) {
          const edge = tables.edges.rows.find(({ source, destination }) => source === `a${layer}.h${head}` && destination === receiver); // biome-ignore format: one row
          const expected = baseline.clean - (edge?.score ?? 0);
          expect(Math.abs(valueAt(grids.metric, { layer, head }) - expected)).toBeLessThan(2e-5);
        }
      }
    }
  });

  it("is two runs by hand, where MLPs are recomputed and two heads notice", async () => {
    const receivers = ["a2.h1<q>", "a2.h0<v>", "logits"];
    const { grids } = await pathPatching(model, { clean, corrupted }, { ...question, receivers });
    const save = ["layers.*.selfAttn.result", "layers.2.input", "layers.2"] as const;
    const own = await model.run([clean], { save });
    const other = await model.run([corrupted], { save });
    for (const [layer, head] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ]) {
      // biome-ignore format: a list
      const held = Array.from({ length: layers }, (_unused, at) => {
        const site = `layers.${at}.selfAttn.result`;
        const parts = Array.from({ length: heads }, (_none, one) => {
          const from = at === layer && one === head ? other : own;
          return mx.expandDims(from.get(site).index(mx.Slice(), mx.Slice(), one), 2);
        });
        return [site, () => mx.concatenate(parts, 2)] as const;
      });
      const sent = await model.run([clean], { interventions: Object.fromEntries(held), save });
      const change = (site: string) => mx.subtract(sent.get(site), own.get(site));
      const toHead = (which: number) => (x: MxArray) => {
        const mask = mx.array(Array.from({ length: x.shape[2] }, (_none, at) => (at === which ? 1 : 0))); // biome-ignore format: one line
        return mx.add(x, mx.multiply(mx.expandDims(change("layers.2.input"), 2), mask.reshape([1, 1, -1, 1]))); // biome-ignore format: one line
      };
      const run = await model.run([clean], {
        interventions: {
          "layers.2.qInput": toHead(1),
          "layers.2.vInput": toHead(0),
          "layers.2": (x: MxArray) => mx.add(x, change("layers.2")),
        },
      });
      const logits = toFlat(run.last("output"));
      const expected = logits[question.answer] - logits[question.wrongAnswer];
      expect(Math.abs(valueAt(grids.metric, { layer, head }) - expected)).toBeLessThan(2e-5);
    }
  });
});

it("refuses receivers that do not exist, with the nearest name", async () => {
  const model = new LanguageModel(initializeWeights(new Decoder(gpt2Like), { seed: 5, deviation: 0.35 }), { config: gpt2Like }); // biome-ignore format: one model
  const asked = pathPatching(model, { clean, corrupted }, { ...question, receivers: ["a1.h9<q>"] });
  await expect(asked).rejects.toThrow('Did you mean "a1.h');
});

describe.each(["gpt2", "llama", "sort-gpt2"])("against the reference on %s", (name) => {
  it.skipIf(!hasMethodCase("path-patching", name))("every receiver, both ways", async () => {
    const reference = openMethodCase("path-patching", name);
    const model = await modelOfCase("path-patching", name);
    const shares = model.anatomy.heads !== model.anatomy.kvHeads;
    for (const receiver of reference.about.receivers as string[]) {
      if (shares && /<[kv]>/.test(receiver)) continue; // one head's copy there, all that share it here
      for (const mlps of ["frozen", "recomputed"] as const) {
        const options = { ...reference.question, receivers: [receiver], mlps };
        const { grids } = await pathPatching(model, reference.pairs, options);
        const expected = reference.numbers(`${receiver}.mlps_${mlps}`);
        expected.forEach((value, at) => {
          expect(
            Math.abs(grids.metric.values[at] - value),
            `${receiver} ${mlps} ${at}`,
          ).toBeLessThan(2e-5 * Math.max(1, Math.abs(value)));
        });
      }
    }
  });
});
