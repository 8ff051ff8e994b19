/** Backward rules: values stay, slopes are those of the closed forms. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { gpt2Like, largestDifference, llamaLike } from "../shared/test-support.js";
import { backwardRules } from "./rule-sets.js";
import { halfRule, softmaxRule } from "./rules.js";

const numbers = (x: MxArray) => [...toFlat(x)].map(Number);

/** What arrives at `x` for `arriving` above it. */
function slope(f: (x: MxArray) => MxArray, x: MxArray, arriving: MxArray): number[] {
  return numbers(mx.vjp(f, [x], [arriving])[1][0]);
}

it("the half rule hands back half of what arrives, and changes nothing", () => {
  const x = mx.array([1.5, -2e-20, 3e30]);
  const half = halfRule(x, {} as never);
  expect(numbers(half)).toEqual(numbers(x));
  const back = slope((y) => halfRule(y, {} as never), x, mx.array([1, 2, -4]));
  expect(back).toEqual([0.5, 1, -2]);
});

describe("the softmax rule", () => {
  const scores = [2, -1, 0.5, Number.NEGATIVE_INFINITY];
  const arriving = [1, -2, 0.5, 3];

  it.each([0, 0.7])("has the slope of a softer softmax, where %s belongs to no key", (keyless) => {
    const powers = scores.map((score) => Math.exp(score));
    const total = powers.reduce((sum, one) => sum + one, keyless);
    const seen = mx.array(powers.map((one) => one / total));
    // the softmax itself, with what belongs to no key as one more score
    const all = (s: MxArray) =>
      mx.softmax(mx.concatenate([s, mx.array([Math.log(keyless)])], 0), 0);
    const pattern = (s: MxArray) => (keyless ? all(s).index(mx.Slice(0, 4)) : mx.softmax(s, 0));
    const soft = powers.map((one) => one ** 0.5);
    const softTotal = soft.reduce((sum, one) => sum + one, keyless ** 0.5);
    const p = soft.map((one) => one / softTotal);
    const level = p.reduce((sum, one, at) => sum + one * arriving[at], 0);
    const expected = p.map((one, at) => one * (arriving[at] - level));
    const back = slope((s) => softmaxRule(pattern(s), 2), mx.array(scores), mx.array(arriving));
    expect(largestDifference(back, expected)).toBeLessThan(1e-5);
    expect(numbers(softmaxRule(seen, 2))).toEqual(numbers(seen));
  });
});

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("a model like %s", (_, given) => {
  const config = given as typeof llamaLike;
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  const model = new LanguageModel(decoder, { config });

  it.each(["relp", "gim"] as const)("keeps every value by the rules of %s", async (rule) => {
    const ids = [[5, 17, 2, 25, 9]];
    const save = ["layers.*", "layers.*.selfAttn.z"];
    const plain = await model.run(ids, { save });
    const held = await model.run(ids, { save, interventions: backwardRules(model, rule) });
    for (const [site, value] of plain.entries()) {
      const apart = mx.max(mx.abs(mx.subtract(value, held.get(site))));
      expect(Number(apart.item()), site).toBeLessThan(1e-5);
    }
  });

  it("gives each factor of attention's products half, by the rules of GIM", async () => {
    const ids = [[5, 17, 2, 25, 9]];
    const metric = (output: MxArray) => output.index(0, -1, 3);
    const of = "layers.2.selfAttn";
    const names = ["z", "v", "pattern", "scores", "qRot", "kRot"].map((name) => `${of}.${name}`);
    const interventions = backwardRules(model, "gim");
    const { gradients, values } = await model.gradients(ids, metric, { save: names, values: true, interventions }); // biome-ignore format: one call
    const arriving = gradients.get(`${of}.z`).transpose(0, 2, 1, 3); // (batch, heads, query, headDim)
    const [v, p, s, k] = ["v", "pattern", "scores", "kRot"].map((name) =>
      values.get(`${of}.${name}`),
    );
    const users = p.shape[1] / v.shape[1];
    const toUsers = (x: MxArray) => mx.repeat(x, users, 1);
    const close = (found: MxArray, expected: MxArray) => {
      expect(largestDifference(numbers(found), numbers(expected))).toBeLessThan(1e-5);
    };
    const byUser = mx.matmul(p.transpose(0, 1, 3, 2), arriving);
    const shared = mx.sum(byUser.reshape([1, v.shape[1], users, ...byUser.shape.slice(2)]), 2);
    close(gradients.get(`${of}.v`), mx.multiply(shared, 0.5));
    const atPattern = mx.multiply(mx.matmul(arriving, toUsers(v).transpose(0, 1, 3, 2)), 0.5);
    close(gradients.get(`${of}.pattern`), atPattern);
    const soft = mx.softmax(mx.divide(s, 2), -1);
    const level = mx.sum(mx.multiply(soft, atPattern), -1, true);
    const atScores = mx.multiply(soft, mx.subtract(atPattern, level));
    close(gradients.get(`${of}.scores`), atScores);
    const scale = config.layers[0].attention.scale;
    close(gradients.get(`${of}.qRot`), mx.multiply(mx.matmul(atScores, toUsers(k)), scale / 2));
  });
});
