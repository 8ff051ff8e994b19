/** What the options of loading mean to `loadModel`. */
import { describe, expect, it } from "vitest";
import { parseArguments } from "./arguments.js";
import { UsageError } from "./failure.js";
import { loadOptionsOf, modelOptions } from "./model-options.js";

const adaptersOf = (...argv: string[]) =>
  loadOptionsOf(parseArguments(argv, modelOptions).options, process.cwd()).adapter;

describe("--adapter", () => {
  it("may be given several times, each with a weight", () => {
    expect(adaptersOf()).toBeUndefined();
    expect(adaptersOf("--adapter", "someone/tone")).toEqual([{ source: "someone/tone" }]);
    const two = adaptersOf("--adapter", "a b/tone * 0.5", "--adapter=other/facts*-1e-1");
    expect(two).toEqual([
      { source: "a b/tone", weight: 0.5 },
      { source: "other/facts", weight: -0.1 },
    ]);
  });

  it.each(["tone * much", "tone *", "tone * Infinity"])("refuses %s", (given) => {
    expect(() => adaptersOf("--adapter", given)).toThrow(UsageError);
  });
});
