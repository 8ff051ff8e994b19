/** Options that do not exist are refused by name. */
import { describe, expect, it } from "vitest";
import {
  checkChoice,
  checkOptions,
  checkRecord,
  InvalidArgumentError,
  nearestWords,
} from "./index.js";

interface Options {
  readonly topK?: number;
  readonly layers?: readonly number[];
}

const known = { topK: true, layers: true } as const;

describe("checkOptions", () => {
  it("accepts every option, and none", () => {
    checkOptions<Options>("f", { topK: 1, layers: [] }, known);
    checkOptions<Options>("f", {}, known);
  });

  it("names a misspelt option, its value, the nearest name and all names", () => {
    const misspelt = { layer: 3 } as Options;
    const check = () => checkOptions<Options>("f", misspelt, known);
    expect(check).toThrow(
      'f: layer: there is no such option. Did you mean "layers"? Options are layers, topK.',
    );
    expect(check).toThrow(InvalidArgumentError);
    expect(check).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", value: 3 }));
  });

  it("proposes nothing where no name is near", () => {
    const check = () => checkOptions<Options>("f", { temperature: 3 } as Options, known);
    expect(check).toThrow("f: temperature: there is no such option. Options are layers, topK.");
  });

  it("is not fooled by names that every object has", () => {
    const check = () => checkOptions<Options>("f", { toString: 3 } as unknown as Options, known);
    expect(check).toThrow("f: toString");
  });

  it.each([null, "text", 3, [1]])("refuses %j, which is no object", (given) => {
    const check = () => checkOptions<Options>("f", given as unknown as Options, known);
    expect(check).toThrow("f: options: they must be an object.");
  });

  it.each([
    ["a Map", new Map([["topK", 5]])],
    ["a Set", new Set(["topK"])],
    ["numbers", Float32Array.of(1)],
    ["a promise", Promise.resolve({ topK: 5 })],
    ["a date", new Date(0)],
    ["what computes options", new (class { get topK() { return 5; } })()], // biome-ignore format: one row
  ])("refuses %s, whose options would say nothing", (_, given) => {
    const check = () => checkOptions<Options>("f", given as unknown as Options, known);
    expect(check).toThrow("f: options: they must be an object");
    expect(() => checkRecord("weights", given)).toThrow("weights: must be an object");
  });

  it("refuses options that copies would be without: inherited and hidden ones", () => {
    const hidden = Object.defineProperty({}, "topK", { value: 5 });
    for (const given of [Object.create({ topK: 5 }), hidden] as Options[]) {
      const check = () => checkOptions<Options>("f", given, known);
      expect(check).toThrow("f: topK: it is inherited or hidden");
    }
    class Own {
      topK = 5;
    }
    checkOptions<Options>("f", new Own(), known);
    checkOptions<Options>("f", Object.create({ topK: undefined }) as Options, known);
  });
});

describe("checkChoice", () => {
  it("returns a word that is there", () => {
    expect(checkChoice("direction", "noising", ["denoising", "noising"])).toBe("noising");
  });

  it("refuses any other, with what was probably meant", () => {
    const check = (value: unknown) => () =>
      checkChoice("direction", value, ["denoising", "noising"]);
    expect(check("nosing")).toThrow(
      'direction: must be one of "denoising", "noising". Did you mean "noising"?',
    );
    expect(check(3)).toThrow('direction: must be one of "denoising", "noising".');
  });
});

it.each([[7n], [-1], [0.5], [Symbol("three")]])("counts no nearest words by %s", (count) => {
  expect(() => nearestWords("layer", ["heads", "layers"], count as never)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
});
