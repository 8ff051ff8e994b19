/** Functions that are no methods refuse what they do not know as methods do, with the nearest name, and wrong values by their names. */
import { mx } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import * as analysis from "./index.js";
import { clean } from "./testing/each-method.js";

const model = await loadModel("tiny");
const prompts = [clean, clean];
const rows = mx.random.normal([8, 4], mx.float32, 0, 1, mx.random.key(1));
const chat = { ids: [1, 467, 223, 384], turns: [{ role: "user", start: 0, end: 3, content: { start: 1, end: 3 } }] }; // biome-ignore format: one chat
const copy: analysis.CausalModel = {
  inputs: { code: [1, 2, 3] },
  variables: { said: { from: ["code"], compute: (code) => code } },
  output: "said",
  prompt: ({ code }) => `${code}`,
};

/** Of each function an option, and a value that it cannot have. */
const calls: Readonly<
  Record<string, [call: (options: object) => unknown, option: string, wrong: unknown]>
> = {
  activationAddition: [(options) => analysis.activationAddition(model, { site: "layers.1", from: "hate", toward: "love", ...options }), "factor", "two"], // biome-ignore format: one call
  attentionRollout: [(options) => analysis.attentionRollout(model, clean, options), "residual", "no"], // biome-ignore format: one call
  builtInTask: [(options) => analysis.builtInTask(model, "ioi", options), "size", 1.5],
  counterfactuals: [(options) => analysis.counterfactuals(copy, "said", options), "seed", -1],
  effectiveAttention: [(options) => analysis.effectiveAttention(model, clean, options), "layers", [0.5]], // biome-ignore format: one call
  jacobianLens: [(options) => analysis.jacobianLens(model, prompts, options), "layers", "all"],
  moverHeads: [
    (options) => analysis.moverHeads(model, clean, { answer: "Mary", ...options }),
    "topK",
    0,
  ],
  storeSimilarity: [(options) => analysis.storeSimilarity({} as never, { sites: ["a"], ...options }), "skip", -1], // biome-ignore format: one call
  svcca: [(options) => analysis.svcca(rows, rows, options), "variance", 2],
  trainTunedLens: [(options) => analysis.trainTunedLens(model, prompts, options), "steps", 0],
  turnByTurn: [(options) => analysis.turnByTurn(model, chat, options), "parts", "some"],
};

describe.each(Object.entries(calls))("%s", (_, [call, option, wrong]) => {
  const ask = async (options: object) => call(options);

  it("names the option that was nearly meant", async () => {
    await expect(ask({ [`${option}${option.at(-1)}`]: wrong })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`"${option}"`),
    });
  });

  it("names the option that is wrong", async () => {
    await expect(ask({ [option]: wrong })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(option),
    });
  });
});

it.each<[string, () => unknown, string]>([
  ["linearCka of a number", () => analysis.linearCka(rows, 3 as never), "second"],
  ["circuitAreas of more fractions than values", () => analysis.circuitAreas([0, 1], [1]), "faithfulness"], // biome-ignore format: one call
  ["circuitAreas of text", () => analysis.circuitAreas("ab" as never, [1]), "fractions"],
  ["toControlVector of nothing", () => analysis.toControlVector(null as never), "vectors"],
  ["resolveAnswer in no model", () => analysis.resolveAnswer({} as never, 3, clean), "model"],
])("%s is refused by the argument's name", (_, call, argument) => {
  expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", argument }));
});

it.each<[string, () => Promise<unknown>, string]>([
  ["vectors of no pairs", () => analysis.steeringVectors(model, null as never), "pairs"],
  ["weights of no model", () => analysis.headWeights(undefined as never), "model"],
  ["turns of no conversation", () => analysis.turnByTurn(model, null as never), "prompts"],
])("%s are refused by the argument's name", async (_, call, argument) => {
  await expect(call()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument });
});
