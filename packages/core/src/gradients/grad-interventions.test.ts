/** Edited gradients: closed forms, the chain rule by hand, and edits that are not linear. */
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose, expectSame } from "../../test/support/compare.js";
import { numbers } from "../../test/support/networks.js";
import { InterpretableModel } from "../model/model.js";
import type { GradientIntervention, GradientMetric } from "./options.js";
import { stopGradient } from "./stop-gradient.js";

mx.random.seed(11); // of the networks' weights

/** y = x + A x, with the sum and the product as places: gradients have two ways back. */
class Residual extends nn.Module {
  branch = new nn.Linear(3, 3, false);

  override forward(x: MxArray): MxArray {
    return mx.add(x, this.branch.forward(x));
  }
}

class Tower extends nn.Module {
  layers = [new Residual(), new Residual(), new Residual()];

  override forward(x: MxArray): MxArray {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

const network = new Tower();
const model = new InterpretableModel(network);
const x = mx.subtract(numbers(2, 3), 0.4);
const metric: GradientMetric = (output) => mx.sum(mx.power(output, 3));

/** The gradients of `Tower` written down: at each branch and each layer input, with the edits of branches. */
function byHand(edit: (gradient: MxArray, layer: number) => MxArray): Record<string, MxArray> {
  const found: Record<string, MxArray> = {};
  let gradient = mx.multiply(mx.square(network.forward(x)), 3);
  for (const layer of [2, 1, 0]) {
    found[`layers.${layer}`] = gradient;
    const edited = edit(gradient, layer);
    found[`layers.${layer}.branch`] = edited;
    gradient = mx.add(gradient, mx.matmul(edited, network.layers[layer].branch.weight));
    found[`layers.${layer}.input`] = gradient;
  }
  return found;
}

const edits: [string, (gradient: MxArray) => MxArray, passes: number][] = [
  ["scaled", (g) => mx.multiply(g, -0.7), 1],
  ["stopped", (g) => mx.zerosLike(g), 1],
  [
    "mixed between rows",
    (g) =>
      mx.matmul(
        mx.array([
          [1, 2],
          [0, -1],
        ]),
        g,
      ),
    1,
  ],
  ["shifted", (g) => mx.add(mx.multiply(g, 2), 0.5), 1],
  ["replaced", () => mx.ones([2, 3]), 1],
  ["clipped", (g) => mx.clip(g, -0.05, 0.05), 4],
  ["squared", (g) => mx.square(g), 4],
  ["reduced to its sign", (g) => mx.sign(g), 4],
  ["brought to unit length", (g) => mx.divide(g, mx.sqrt(mx.sum(mx.square(g)))), 4],
];

describe.each(edits)("a gradient that is %s", (_, edit, most) => {
  it("flows on as the chain rule says, everywhere below", async () => {
    let passes = 0;
    const counting: GradientMetric = (output, pass) => {
      passes++;
      return metric(output, pass);
    };
    const { value, gradients, values } = await model.gradients(x, counting, {
      save: ["layers.*", "**.branch", "layers.*.input"],
      gradInterventions: { "**.branch": edit },
      values: true,
    });
    const expected = byHand(edit);
    expect(gradients.size).toBe(9);
    for (const [site, gradient] of gradients) {
      const size = Number(mx.max(mx.abs(expected[site])).item());
      expectClose(gradient, expected[site], 2e-5 * Math.max(size, 1));
    }
    expect(value).toBeCloseTo(Number(metric(network.forward(x), {} as never).item()), 5);
    const run = await model.run(x, { save: "layers.1" });
    expectSame(values.get("layers.1"), run.get("layers.1"));
    expect(passes).toBeLessThanOrEqual(most);
  });
});

it("edits one site only, in the order given, and tells the edit where it is", async () => {
  const told: string[] = [];
  const double: GradientIntervention = (g, { site, call }) => {
    told.push(`${site}#${call}`);
    return mx.multiply(g, 2);
  };
  const one = (g: MxArray) => mx.add(g, 1);
  const { gradients } = await model.gradients(x, metric, {
    save: ["layers.0.input"],
    gradInterventions: { "layers.1.branch": [double, one] },
  });
  const edit = (g: MxArray, layer: number) => (layer === 1 ? mx.add(mx.multiply(g, 2), 1) : g);
  expectClose(gradients.get("layers.0.input"), byHand(edit)["layers.0.input"], 1e-5);
  expect(new Set(told)).toEqual(new Set(["layers.1.branch#0"]));
  expect(gradients.keys()).toEqual(["layers.0.input"]);
});

describe("stopGradient", () => {
  const attention = new InterpretableModel(new CausalModel(), { tokenizer: letters });
  const logit: GradientMetric = (logits) => logits.index(0, -1, 3);

  it("freezes attention patterns: the same as patterns that are put in as constants", async () => {
    const sites = ["embedTokens", "layers.*", "**.norm"];
    const patterns = await attention.run("abcd", { save: "**.pattern" });
    const constants = patterns.entries().map(([site, value]) => [site, () => value] as const);
    const frozen = await attention.gradients("abcd", logit, {
      save: sites,
      interventions: Object.fromEntries(constants),
    });
    const stopped = await attention.gradients("abcd", logit, {
      save: sites,
      gradInterventions: { "**.pattern": stopGradient },
    });
    for (const [site, gradient] of frozen.gradients) {
      expectClose(stopped.gradients.get(site), gradient, 1e-6);
    }
    const free = await attention.gradients("abcd", logit, { save: sites });
    expect(toFlat(free.gradients.get("embedTokens"))).not.toEqual(
      toFlat(frozen.gradients.get("embedTokens")),
    );
  });

  it("lets values that are infinite pass", async () => {
    const infinite = (y: MxArray) => mx.where(mx.greater(y, 0.5), -Number.POSITIVE_INFINITY, y);
    const { value, gradients } = await model.gradients(
      numbers(2, 3),
      (output) => mx.sum(mx.exp(mx.minimum(output, 1))),
      {
        save: ["layers.1", "layers.2.branch"],
        interventions: { "layers.2.branch": infinite },
        gradInterventions: { "layers.2.branch": (g) => mx.multiply(g, 2) },
      },
    );
    expect(Number.isFinite(value)).toBe(true);
    expect([...toFlat(gradients.get("layers.1"))].every(Number.isFinite)).toBe(true);
  });
});

describe("a metric that is not finite", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "of %s was blamed on the edit; now its gradients say it",
    async (factor) => {
      const broken: GradientMetric = (output) => mx.multiply(mx.sum(output), factor);
      const { value, gradients } = await model.gradients(x, broken, {
        save: "layers.0",
        gradInterventions: { "layers.1": (g) => mx.multiply(g, 2) },
      });
      expect(Number.isFinite(value)).toBe(false);
      expect([...toFlat(gradients.get("layers.0"))].some(Number.isFinite)).toBe(false);
    },
  );
});

describe("refusals", () => {
  const asked = (gradInterventions: Record<string, unknown>) =>
    model.gradients(x, metric, {
      save: "layers.0",
      gradInterventions: gradInterventions as Record<string, GradientIntervention>,
    });

  it("of sites that do not exist, results of another shape, and what is no function", async () => {
    await expect(asked({ "layers.9": stopGradient })).rejects.toMatchObject({
      code: "UNKNOWN_SITE",
    });
    await expect(asked({ "layers.1": () => mx.ones([2]) })).rejects.toMatchObject({
      code: "INTERVENTION_SHAPE",
      site: "layers.1",
    });
    await expect(asked({ "layers.1": 3 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("of edits that answer differently each time", async () => {
    const random = (g: MxArray) => mx.multiply(g, mx.random.uniform(0, 1, g.shape));
    await expect(asked({ "layers.1": random })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "gradInterventions",
    });
  });

  it("of nothing that an edit throws: it comes out as it is", async () => {
    const thrown = new RangeError("mine");
    const fail = () => {
      throw thrown;
    };
    await expect(asked({ "layers.1": fail })).rejects.toBe(thrown);
  });
});
