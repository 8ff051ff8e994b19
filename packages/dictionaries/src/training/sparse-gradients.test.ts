/** Gradients that were derived by hand, against automatic differentiation of the same loss. */
import { mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normal } from "../testing/make.js";
import { excess } from "../testing/reference.js";
import { resolveConfig, type TrainingConfig, trainingConfig } from "./config.js";
import { initialParameters } from "./initialize.js";
import { objectiveOf } from "./objectives.js";
import type { Parameters } from "./parameters.js";
import { differentiated } from "./step.js";

const near = { atol: 2e-5, rtol: 1e-4 };

/** Weights that are nobody's first ones: norms of rows differ, biases are not zero. */
function disturbed(parameters: Parameters, seed: number): Parameters {
  const names = Object.keys(parameters);
  const entries = names.map((name, at) => {
    const array = parameters[name];
    return [name, mx.add(array, normal(array.shape, seed + at, 0.2))] as const;
  });
  return Object.fromEntries(entries);
}

const settings = fc.record({
  k: fc.integer({ min: 1, max: 4 }),
  scaleByDecoderNorm: fc.boolean(),
  subtractDecoderBias: fc.boolean(),
  skip: fc.boolean(),
  recipe: fc.constantFrom("saelens", "dictionaryLearning"),
  seed: fc.integer({ min: 0, max: 1000 }),
});

describe("top-k by hand", () => {
  it("has the losses and gradients of automatic differentiation", () => {
    fc.assert(
      fc.property(settings, ({ seed, ...some }) => {
        const given = { architecture: "topK", features: 80, steps: 1, ...some } as TrainingConfig;
        const config = resolveConfig(trainingConfig.parse(given));
        const first = initialParameters(config, { input: 6, output: 6 });
        const parameters = disturbed(first, seed);
        const x = normal([12, 6], seed + 50);
        const batch = { x, y: some.skip ? normal([12, 6], seed + 51) : x };
        const objective = objectiveOf(config);
        const context = { dead: mx.zeros([80]), deadCount: 0, sparsity: 0, power: 1 };
        const byHand = objective.byHand?.(parameters, batch, context);
        const automatic = differentiated(parameters, batch, objective, context);
        for (const name of ["loss", "features", "reconstruction"] as const) {
          const [own, expected] = [byHand?.losses[name], automatic.losses[name]];
          expect(excess(own!, expected, near), name).toBeLessThanOrEqual(0);
        }
        for (const [name, slope] of Object.entries(automatic.gradients)) {
          expect(excess(byHand!.gradients[name], slope, near), name).toBeLessThanOrEqual(0);
        }
        expect(Object.keys(byHand!.gradients).sort()).toEqual(Object.keys(parameters).sort());
      }),
      { numRuns: 12 },
    );
  });

  it("is left to automatic differentiation where dead features learn, or many are on", () => {
    const config = resolveConfig(
      trainingConfig.parse({ architecture: "topK", features: 80, k: 2, steps: 1 }),
    );
    const parameters = initialParameters(config, { input: 6, output: 6 });
    const batch = { x: normal([4, 6], 1), y: normal([4, 6], 1) };
    const context = { dead: mx.ones([80]), deadCount: 80, sparsity: 0, power: 1 };
    expect(objectiveOf(config).byHand?.(parameters, batch, context)).toBeUndefined();
    const many = objectiveOf({ ...config, k: 20 });
    expect(many.byHand?.(parameters, batch, { ...context, deadCount: 0 })).toBeUndefined();
  });
});
