/** A method works on what it was given when it was called. */
import { expect, it } from "vitest";
import { z } from "zod";
import { defineMethod } from "./define-method.js";
import { parseOptions } from "./parse-options.js";

const schema = z.object({ layers: z.array(z.int()).default([0]) });
const slow = defineMethod({
  name: "slow",
  title: "Slow",
  summary: "Reads what it was given after a while",
  input: "prompts",
  options: schema,
  async run(_: object, prompts, options) {
    await Promise.resolve();
    const { layers } = parseOptions("slow", schema, options);
    return { asked: { layers, prompts: [...prompts] } } as never;
  },
});

it("whose options and prompts are changed right after the call answers as it was asked", async () => {
  const [prompts, options] = [["Mary"], { layers: [1] }];
  const first = slow.run({}, prompts, options);
  options.layers[0] = 2;
  const second = slow.run({}, prompts, options);
  prompts[0] = "John";
  options.layers = [3];
  expect(await first).toEqual({ asked: { layers: [1], prompts: ["Mary"] } });
  expect(await second).toEqual({ asked: { layers: [2], prompts: ["Mary"] } });
});

it("that was told to stop before it began does nothing", async () => {
  const signal = AbortSignal.abort(new Error("not now"));
  await expect(slow.run({}, "Mary", { signal })).rejects.toThrow("not now");
});
