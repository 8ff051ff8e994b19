/** Language models with persistent edits: generation, skipped parts with a cache, spliced dictionaries, adapters. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceModule, SiteNotReachedError, skip, splice, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import { smallConfig } from "../test-support/checkpoints.js";
import { smallModel } from "../test-support/models.js";
import { LanguageModel } from "./language-model.js";

const prompt = [3, 1, 4, 1];
const anySite = (name: string): string => name;

async function tokens(
  model: LanguageModel,
  options: Parameters<LanguageModel["generate"]>[1] = {},
  ids: readonly number[] | string = prompt,
): Promise<number[]> {
  const found: number[] = [];
  const given = typeof ids === "string" ? ids : [...ids];
  const settings = { maxTokens: 6, ignoreEos: true, ...options };
  for await (const { token } of model.generate(given, settings)) found.push(token);
  return found;
}

/** The same without a cache: the most likely token of a full forward, again and again. */
function recomputed(model: LanguageModel, count: number): number[] {
  const text = [...prompt];
  for (let step = 0; step < count; step++) {
    const logits = toFlat(model.forward([text]).index(0, -1));
    text.push(logits.indexOf(Math.max(...logits)));
  }
  return text.slice(prompt.length);
}

const logits = (model: LanguageModel, ids: readonly number[] = prompt) =>
  toFlat(model.forward([[...ids]]));

describe.each(["llama", "gpt2"] as const)("an edited %s model", (style) => {
  const model = smallModel(smallConfig(style));

  it("generates as with the same interventions in the call", async () => {
    const interventions = { "layers.0.mlp": (x: MxArray) => mx.multiply(x, -3) };
    const view = model.edit(interventions);
    expect(view).toBeInstanceOf(LanguageModel);
    expect(await tokens(view)).toEqual(await tokens(model, { interventions }));
    expect(await tokens(view)).toEqual(recomputed(view, 6));
  });

  it.each([
    ["layers.0"],
    ["layers.1"],
    ["layers.0.selfAttn"],
    ["layers.0.selfAttn", "layers.1.mlp"],
    ["layers.*"],
  ])("generates with a cache as without when it skips %s", async (...sites) => {
    const view = model.edit(Object.fromEntries(sites.map((site) => [site, skip()])));
    expect(await tokens(view)).toEqual(recomputed(view, 6));
  });

  it("adds nothing where attention or MLP is skipped", () => {
    for (const part of ["selfAttn", "mlp"] as const) {
      const site = `layers.1.${part}`;
      const skipped = model.edit({ [site]: skip() });
      const ablated = model.edit({ [site]: (x: MxArray) => mx.zerosLike(x) });
      expect(logits(skipped)).toEqual(logits(ablated));
      expect(logits(skipped)).not.toEqual(logits(model));
    }
  });

  it("hands the residual stream on where layers are skipped", () => {
    using trace = model.edit({ "layers.{1..-1}": skip() }).trace([prompt]);
    expect(toFlat(trace.layers[-1].value)).toEqual(toFlat(trace.layers[0].value));
    expect(() => trace.layers[1].mlp.value).toThrow(SiteNotReachedError);
  });

  it("hides pads from spliced and replaced parts as from its own", async () => {
    const view = model.edit({ "layers.0.mlp": splice(new Features(model.anatomy.hidden ?? 0)) });
    const together = view.forward([prompt, [7, 2]]);
    expect(toFlat(together.index(0))).toEqual(toFlat(model.forward([prompt, [7, 2]]).index(0)));
    expect(await tokens(view)).toEqual(await tokens(model));
  });
});

class Features extends nn.Module {
  encoder: Linear;
  decoder: Linear;
  features = new Tap(["batch", "position", "mlpHidden"]);

  constructor(width: number) {
    super();
    this.encoder = new nn.Linear(width, 2 * width);
    this.decoder = new nn.Linear(2 * width, width);
  }

  override forward(x: MxArray): MxArray {
    return this.decoder.forward(this.features.forward(nn.relu(this.encoder.forward(x))));
  }
}

describe("the shipped model with a dictionary spliced in", async () => {
  const model = await loadModel("tiny");
  const text = "Mary and John went to the store. John gave a book to";
  const hidden = model.anatomy.hidden ?? 0;

  it.each(["layers.1", "layers.1.mlp", "layers.2.residMid", "layers.0.selfAttn"])(
    "is unchanged at %s until a feature is ablated",
    async (site) => {
      const view = model.edit({ [site]: splice(new Features(hidden)) }, { name: "dictionary" });
      expect(toFlat(view.forward(text))).toEqual(toFlat(model.forward(text)));
      const features = anySite(`${site}.inserted.features`);
      const interventions = { [features]: (x: MxArray) => mx.zerosLike(x) };
      const cache = await view.run(text, { save: [features, "output"], interventions });
      expect(cache.get("output").shape).toEqual(model.forward(text).shape);
      expect(toFlat(cache.get("output"))).not.toEqual(toFlat(model.forward(text)));
      expect(cache.provenance.edits).toEqual([{ name: "dictionary", sites: [site] }]);
    },
  );

  it("generates the same text, and another one without its features", async () => {
    const view = model.edit({ "layers.*.mlp": splice(new Features(hidden), { from: "input" }) });
    expect(await tokens(view, {}, text)).toEqual(await tokens(model, {}, text));
    const empty = view.edit({ "layers.*.mlp.error": (x) => mx.zerosLike(x) });
    expect(await tokens(empty, {}, text)).not.toEqual(await tokens(model, {}, text));
  });

  it("is not saved as if it were the original", async () => {
    const view = model.edit({ "layers.1": skip() }, { name: "shallow" });
    const folder = join(tmpdir(), `never-written-${process.pid}`);
    await expect(view.save(folder)).rejects.toThrow(/edits of this view \(shallow\)/);
  });

  it("verifies, also with an adapter in every layer", async () => {
    class LowRank extends nn.Module {
      down = mx.multiply(mx.random.normal([hidden, 2]), 0.02);
      up = mx.random.normal([2, hidden]);
      constructor(readonly base: Linear) {
        super();
      }
      override forward(x: MxArray): MxArray {
        return mx.add(this.base.forward(x), mx.matmul(mx.matmul(x, this.down), this.up));
      }
    }
    const adapted = model.edit({
      "layers.*.selfAttn.qProj": replaceModule((layer) => new LowRank(layer as Linear)),
    });
    const { passed, invariants } = await adapted.verify();
    expect(invariants.filter((invariant) => !invariant.passed)).toEqual([]);
    expect(passed).toBe(true);
    expect(toFlat(adapted.forward(text))).not.toEqual(toFlat(model.forward(text)));
    const spliced = adapted.edit({ "layers.*.mlp": splice(new Features(hidden)) });
    expect((await spliced.verify()).passed).toBe(true);
  });
});
