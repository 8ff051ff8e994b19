/** Integrated gradients: closed forms, completeness, batches of steps, and the ends of the path. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose } from "../../test/support/compare.js";
import { numbers, Stack } from "../../test/support/networks.js";
import type { GradientMetric } from "../gradients/options.js";
import { InterpretableModel } from "../model/model.js";
import { integratedGradients } from "./integrated-gradients.js";

mx.random.seed(11); // of the networks' weights

class Pass extends nn.Module {
  inside = new nn.Identity();

  override forward(x: MxArray): MxArray {
    return this.inside.forward(x);
  }
}

const cubes: GradientMetric = (output) => mx.sum(mx.power(output, 3));

describe("a sum of cubes", () => {
  const model = new InterpretableModel(new Pass());
  const [clean, baseline] = [mx.add(numbers(2, 3), 1), mx.negative(numbers(2, 3))];

  it("goes back to each number in closed form: x³ − y³", async () => {
    const result = await integratedGradients(model, clean, cubes, {
      baseline,
      save: "inside",
      steps: 64,
    });
    const expected = mx.subtract(mx.power(clean, 3), mx.power(baseline, 3));
    expectClose(result.attributions.get("inside"), expected, 2e-3);
    expect(result.difference).toBeCloseTo(Number(mx.sum(expected).item()), 4);
    const mean = mx.divide(result.attributions.get("inside"), mx.subtract(clean, baseline));
    expectClose(result.gradients.get("inside"), mean, 1e-4);
  });

  it.each(["midpoint", "trapezoid"] as const)(
    "comes closer with the square of the steps by the %s rule",
    async (rule) => {
      const error = async (steps: number) => {
        const options = { baseline, save: "inside", steps, rule };
        const { total, difference } = await integratedGradients(model, clean, cubes, options);
        return Math.abs(total - difference);
      };
      const [few, many] = [await error(5), await error(rule === "midpoint" ? 20 : 17)];
      expect(many).toBeLessThan(few / 12); // a sixteenth, less rounding
      expect(few).toBeGreaterThan(1e-3);
    },
  );

  it("gives one midpoint step the gradient in the middle", async () => {
    const { attributions } = await integratedGradients(model, clean, cubes, {
      baseline,
      save: "inside",
      steps: 1,
    });
    const middle = mx.divide(mx.add(clean, baseline), 2);
    const expected = mx.multiply(mx.subtract(clean, baseline), mx.multiply(mx.square(middle), 3));
    expectClose(attributions.get("inside"), expected, 1e-5);
  });
});

describe("prompts", () => {
  const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });
  const metric: GradientMetric = (logits, { tokens }) =>
    tokens!.lengths
      .map((length, row) => logits.index(row, length - 1, 3))
      .reduce((sum, logit) => mx.add(sum, logit));
  const prompts = ["abcd", "bcd"];
  const baseline = ["dcba", "kkk"];

  it("attributes all of the difference to the sites of the path", async () => {
    const { total, difference, attributions } = await integratedGradients(model, prompts, metric, {
      baseline,
      save: "embedTokens",
      steps: 96,
      stepsPerPass: 16,
    });
    const value = async (ids: string[]) =>
      (await model.gradients(ids, metric, { save: "output" })).value;
    expect(difference).toBeCloseTo((await value(prompts)) - (await value(baseline)), 4);
    expect(Math.abs(total - difference)).toBeLessThan(0.02 * Math.abs(difference) + 1e-3);
    expect(attributions.tokens!.lengths).toEqual([4, 3]);
    expect(attributions.get("embedTokens").shape).toEqual([2, 4, 8]);
  });

  it("gives the same however many steps share a pass", async () => {
    const run = (stepsPerPass?: number) =>
      integratedGradients(model, prompts, metric, {
        baseline,
        path: "embedTokens",
        save: ["layers.*", "**.pattern"],
        steps: 6,
        stepsPerPass,
      });
    const [one, four, six] = [await run(1), await run(), await run(6)];
    expect(one.attributions.keys()).toEqual([
      "layers.0",
      "layers.1",
      "layers.0.selfAttn.pattern",
      "layers.1.selfAttn.pattern",
    ]);
    for (const [site, scores] of one.attributions) {
      expectClose(four.attributions.get(site), scores);
      expectClose(six.attributions.get(site), scores);
    }
    expect(four.total).toBeCloseTo(one.total, 5);
  });

  it("takes activations for either end, and interventions into account", async () => {
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 0.5) };
    const options = { save: "layers.0", steps: 3, interventions };
    const [from, to] = [
      await model.run(baseline, { save: "layers.0", interventions }),
      await model.run(prompts, { save: "layers.0", interventions }),
    ];
    const prompted = await integratedGradients(model, prompts, metric, { ...options, baseline });
    const cached = await integratedGradients(model, prompts, metric, {
      ...options,
      baseline: from,
      clean: to,
    });
    const [a, b] = [prompted, cached].map(({ attributions }) => attributions.get("layers.0"));
    expectClose(a, b, 1e-6);
    const way = mx.subtract(to.get("layers.0"), from.get("layers.0"));
    expectClose(a, mx.multiply(way, prompted.gradients.get("layers.0")), 1e-6);
  });

  it("tells how far it is and stops when it is cancelled", async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const stopped = integratedGradients(model, prompts, metric, {
      baseline,
      save: "embedTokens",
      steps: 10,
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (seen.length === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(seen).toEqual([
      { done: 4, total: 10 },
      { done: 8, total: 10 },
    ]);
  });

  it("refuses baselines of another shape, no steps, and sites that cannot move", async () => {
    const asked = (options: object) =>
      integratedGradients(model, "abcd", metric, {
        baseline: "ddcd",
        save: "layers.0",
        ...options,
      });
    await expect(asked({ baseline: "abc" })).rejects.toMatchObject({ argument: "baseline" });
    await expect(asked({ steps: 0 })).rejects.toMatchObject({ argument: "steps" });
    await expect(asked({ steps: 1, rule: "trapezoid" })).rejects.toMatchObject({
      argument: "steps",
    });
    await expect(asked({ stepsPerPass: 1.5 })).rejects.toMatchObject({ argument: "stepsPerPass" });
    await expect(asked({ save: "embedTokens.input" })).rejects.toMatchObject({
      code: "NOT_DIFFERENTIABLE",
    });
    const empty = await model.run("abcd", { save: "layers.1" });
    await expect(asked({ baseline: empty })).rejects.toMatchObject({ code: "UNKNOWN_SITE" });
  });

  it("refuses to repeat an input whose batch it does not know", async () => {
    const stack = new InterpretableModel(new Stack());
    const refused = integratedGradients(stack, numbers(2, 4), (y) => mx.sum(y), {
      baseline: mx.zeros([2, 4]),
      save: "layers.0",
      stepsPerPass: 2,
    });
    await expect(refused).rejects.toMatchObject({ argument: "stepsPerPass" });
  });
});
