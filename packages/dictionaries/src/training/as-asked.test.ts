/** A training goes on as it was begun, whatever becomes of its settings. */
import { expect, it } from "vitest";
import { normal } from "../testing/make.js";
import { arraySource } from "./sources.js";
import { trainDictionary } from "./train.js";

it("settings and options that are changed after the call change nothing", async () => {
  const place = () => ({ model: "tiny" });
  const begin = (change: (config: { steps: number }, options: { reportEvery: number }) => void) => {
    const config = { architecture: "topK" as const, features: 16, k: 2, steps: 3, batchSize: 16 };
    const options = { reportEvery: 1, place: place() };
    const trained = trainDictionary(arraySource(normal([64, 8], 1)), config, options);
    change(config, options);
    return trained;
  };
  const changed = await begin((config, options) => {
    config.steps = 1;
    Object.assign(options, { reportEvery: 3, place: {} });
  });
  const expected = await begin(() => undefined);
  const told = ({ config, metrics, dictionary }: typeof expected) => [
    ...[config, metrics.map(({ step }) => step), dictionary.config],
  ];
  expect(told(changed)).toEqual(told(expected));
});
