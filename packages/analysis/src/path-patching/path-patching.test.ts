/** Path patching: one corrupted edge where MLPs are frozen, two runs written by hand, and values in float64. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { path } from "./method.js";
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

/** Two runs written by hand: senders write other values, and one site reads what came of it. */
describe("senders that are named", () => {
  const config = gpt2Like as unknown as typeof llamaLike;
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  const model = new LanguageModel(decoder, { config });
  const { heads, layers } = model.anatomy;
  const save = ["layers.*.selfAttn.result", "layers.*.mlp", "layers.*.input", "layers.2"] as const;

  /** @param senders `a0.h1`, `m0`, `input` */
  async function byHand(
    senders: readonly string[],
    mlps: "frozen" | "recomputed",
    receiver: "logits" | "a2.h1<k>",
  ) {
    // biome-ignore format: one line
    const own = await model.run([clean], { save });
    const other = await model.run([corrupted], { save });
    const interventions: Record<string, (x: MxArray) => MxArray> = {};
    if (senders.includes("input")) interventions["layers.0.input"] = () => other.get("layers.0.input"); // biome-ignore format: one line
    for (let layer = 0; layer < layers; layer++) {
      const result = `layers.${layer}.selfAttn.result` as const;
      interventions[result] = () => {
        const parts = Array.from({ length: heads }, (_none, head) => {
          const from = senders.includes(`a${layer}.h${head}`) ? other : own;
          return mx.expandDims(from.get(result).index(mx.Slice(), mx.Slice(), head), 2);
        });
        return mx.concatenate(parts, 2);
      };
      const mlp = `layers.${layer}.mlp` as const;
      if (senders.includes(`m${layer}`)) interventions[mlp] = () => other.get(mlp);
      else if (mlps === "frozen") interventions[mlp] = () => own.get(mlp);
    }
    const sent = await model.run([clean], { interventions, save });
    const site = receiver === "logits" ? "layers.2" : "layers.2.input";
    const change = mx.subtract(sent.get(site), own.get(site));
    const run = await model.run([clean], {
      save: "output",
      interventions: {
        [receiver === "logits" ? "layers.2" : "layers.2.kInput"]: (x: MxArray) => {
          if (receiver === "logits") return mx.add(x, change);
          const mask = mx.array([0, 1, 0]).reshape([1, 1, 3, 1]);
          return mx.add(x, mx.multiply(mx.expandDims(change, 2), mask));
        },
      },
    });
    const logits = toFlat(run.last("output"));
    return logits[question.answer] - logits[question.wrongAnswer];
  }

  const sets = [["a0.h1", "a1.h2"], "m0", ["m1", "a0.h0", "input"], "input", ["a2.h0", "m2"]] as const; // biome-ignore format: one list

  it.each(["logits", "a2.h1<k>"] as const)("write together, and %s notices", async (receiver) => {
    for (const mlps of ["frozen", "recomputed"] as const) {
      const options = { ...question, receivers: [receiver], senders: sets, mlps };
      const result = await pathPatching(model, { clean, corrupted }, options);
      const { metric } = result.grids;
      expect(metric.labels.senders).toEqual(sets.map((set) => [set].flat().join(" + ")));
      for (const [at, set] of sets.entries()) {
        const expected = await byHand([set].flat(), mlps, receiver);
        expect(Math.abs(metric.values[at] - expected), `${set} ${mlps}`).toBeLessThan(2e-5);
      }
      expect(path.view(result).length).toBeGreaterThan(3);
    }
  });

  it("of every kind together are the corrupted run", async () => {
    const all = ["input", ...Array.from({ length: layers }, (_, layer) => [`m${layer}`, ...Array.from({ length: heads }, (_none, head) => `a${layer}.h${head}`)]).flat()]; // biome-ignore format: a list
    const options = { ...question, senders: [all], mlps: "frozen" } as const;
    const { grids } = await pathPatching(model, { clean, corrupted }, options);
    expect(grids.effect.values[0]).toBeCloseTo(1, 4);
  });

  it("are refused where they do not exist, and kl is known", async () => {
    const asked = pathPatching(model, { clean, corrupted }, { ...question, senders: ["a0.h7"] });
    await expect(asked).rejects.toThrow('here. Did you mean "a0.h');
    const options = { ...question, metric: "kl", senders: [["a0.h1"]] } as const;
    const { tables } = await pathPatching(model, { clean, corrupted }, options);
    expect(tables.baselines.rows[0].clean).toBeCloseTo(0, 6);
  });
});

it("keeps heads that share a key as they were, or says that it cannot", async () => {
  const config = { ...llamaLike, layers: [4, 4, 2].map((kvHeads) => ({ ...llamaLike.layers[0], attention: { ...llamaLike.layers[0].attention, kvHeads } })) }; // biome-ignore format: one config
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  const model = new LanguageModel(decoder, { config });
  const ask = async (receivers: string[]) => (await pathPatching(model, { clean, corrupted }, { ...question, receivers })).grids.metric.values; // biome-ignore format: one line
  const own = await ask(["a2.h1<v>"]);
  // all heads of the layer but one hold what they mix, whatever they are told
  const save = "layers.2.selfAttn.z";
  const z = (await model.run([clean], { save })).get(save);
  const held = model.edit({ [save]: (x) => mx.concatenate([0, 1, 2, 3].map((head) => (head === 1 ? x : mx.broadcastTo(z, x.shape)).index(mx.Slice(), mx.Slice(), mx.Slice(head, head + 1))), 2) }); // biome-ignore format: one edit
  const options = { ...question, receivers: ["a2.kv0<v>"] };
  const expected = (await pathPatching(held, { clean, corrupted }, options)).grids.metric.values;
  for (const [at, value] of own.entries())
    expect(Math.abs(value - expected[at])).toBeLessThan(1e-4);
  await expect(ask(["a2.h1<v>", "a2.h0<q>"])).rejects.toThrow("share this key or value");
  await expect(ask(["a2.h1<v>", "a1.h0<q>"])).rejects.toThrow("share this key or value");
});

it("refuses receivers that do not exist, with the nearest name", async () => {
  const model = new LanguageModel(initializeWeights(new Decoder(gpt2Like), { seed: 5, deviation: 0.35 }), { config: gpt2Like }); // biome-ignore format: one model
  const asked = pathPatching(model, { clean, corrupted }, { ...question, receivers: ["a1.h9<q>"] });
  await expect(asked).rejects.toThrow('here. Did you mean "a1.h');
});

describe.each(sweep(["gpt2", "llama", "sort-gpt2"], 2))("against the reference on %s", (name) => {
  it.skipIf(!hasMethodCase("path-patching", name))("every receiver, both ways", async () => {
    const reference = openMethodCase("path-patching", name);
    const model = await modelOfCase("path-patching", name);
    for (const receiver of reference.about.receivers as string[]) {
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
