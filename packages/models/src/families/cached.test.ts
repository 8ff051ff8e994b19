/** A cache saves work and changes nothing: random pieces and paddings in every family, with and without interventions. */
import type { Interventions, SiteContext } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { assert, asyncProperty, constantFrom, integer, tuple, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyValueCache } from "../decoder/cache/cache.js";
import { loadModel, StreamsModel } from "../index.js";
import type { LanguageModel } from "../language-model/language-model.js";
import type { RecurrentCache } from "../recurrent/caches/cache.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { padLeft } from "../test-support/left-padding.js";
import { maxDifference } from "../test-support/reference.js";
import { referenceFolder, sweptFolders } from "../test-support/reference-folders.js";

type Model = LanguageModel | RecurrentModel | StreamsModel;
type Cache = KeyValueCache & RecurrentCache;

const tolerance = 1e-4;
const longest = 20; // beyond every reference checkpoint's window

const all = mx.Slice();
interface Family {
  readonly name: string;
  readonly open: () => Promise<Model>;
  /** Sites of a layer to be changed. */
  readonly inside: readonly string[];
}

const families: readonly Family[] = [
  ...sweptFolders().map(({ name, folder }) => ({
    name,
    open: (): Promise<Model> => loadModel(folder),
    inside: ["selfAttn.z", "mlp", "selfAttn.pattern"],
  })),
  {
    name: "gemma3n_text",
    open: () => loadModel(referenceFolder("gemma3n_text/base"), { as: StreamsModel }),
    inside: ["selfAttn.z", "mlp", "selfAttn.pattern"],
  },
  {
    name: "mamba",
    open: () => loadModel(referenceFolder("mamba/base"), { as: RecurrentModel }),
    inside: ["mixer.post", "mixer", "mixer.write"],
  },
];

/** Changes these absolute positions only, wherever a pass begins. */
function atPositions(positions: readonly number[], change: (x: MxArray) => MxArray) {
  return (x: MxArray, { offset, axes }: SiteContext): MxArray => {
    const length = x.shape[1];
    expect(axes?.[1]).toBe("position");
    const hit = Array.from({ length }, (_, index) => Number(positions.includes(offset + index)));
    const mask = mx.array(hit, mx.float32).reshape([1, length, ...x.shape.slice(2).map(() => 1)]);
    return mx.add(x, mx.multiply(mask, mx.subtract(change(x), x)));
  };
}

/** What passes may be changed by; each kind is a property of its own. */
const kinds = ["nothing", "residual", "first site", "second site", "third site"] as const;

function changes(
  kind: (typeof kinds)[number],
  inside: readonly string[],
  positions: readonly number[],
): Interventions {
  const [first, second, third] = inside.map((site) => `layers.*.${site}`);
  const halve = atPositions(positions, (x) => mx.multiply(x, 0.5));
  const remove = atPositions(positions, (x) => mx.zerosLike(x));
  const push = atPositions(positions, (x) => mx.add(x, 0.25));
  return {
    nothing: {},
    residual: { "layers.0": push },
    "first site": { [first]: remove },
    "second site": { [second]: halve, "layers.1.input": push },
    "third site": { [third]: (x: MxArray) => mx.multiply(x, 0.8) },
  }[kind];
}

/** A sequence of tokens and where it is cut, by a seed, so that counterexamples are short. */
const cutSequence = tuple(
  integer({ min: 0, max: 1e6 }),
  integer({ min: 4, max: longest }),
  uniqueArray(integer({ min: 1, max: longest - 1 }), { minLength: 1, maxLength: 5 }),
);

const tokensOf = (seed: number, length: number) =>
  Array.from({ length }, (_, index) => 3 + (((seed + 1) * 7919 + index * index * 31) % 61));

const endsOf = (cuts: readonly number[], length: number) => [
  ...cuts.filter((cut) => cut < length).sort((a, b) => a - b),
  length,
];

interface Reading {
  readonly rows: readonly number[][];
  readonly ends: readonly number[];
  readonly interventions?: Interventions;
  readonly padding?: readonly number[];
}

/** Reads pieces one after the other, from where the cache is; logits of all of them. */
async function read(model: Model, cache: Cache, reading: Reading): Promise<MxArray> {
  const { rows, ends, interventions, padding } = reading;
  const parts: MxArray[] = [];
  for (const [step, end] of ends.entries()) {
    const start = cache.length;
    const args = [{ cache, ...(step === 0 && { padding }) }];
    const piece = rows.map((row) => row.slice(start, end));
    const pass = model.collectLazily(piece, { interventions, args, offset: start });
    parts.push(pass.get("output"));
    await evaluate([...parts, ...cache.arrays()], 1e5); // about what a pass makes of these small models
  }
  return mx.concatenate(parts, 1);
}

const newCache = (model: Model) => model.createCache() as Cache;

async function whole(model: Model, rows: number[][], interventions: Interventions = {}) {
  return (await model.run(rows, { interventions })).get("output");
}

describe.each(families)("$name", ({ name, open, inside }) => {
  const opened = open();
  /** Cuts of its own for each family and kind: what families share is tried with as many as there are of them. */
  const seedOf = (kind: (typeof kinds)[number]) =>
    kinds.length * families.findIndex((family) => family.name === name) + kinds.indexOf(kind);

  const changed = kinds.slice(1); // unchanged, a prefix is continued below
  it.each(changed)("computes the same in any pieces, changing %s", async (kind) => {
    const model = await opened;
    const property = asyncProperty(cutSequence, async ([seed, length, cuts]) => {
      const rows = [tokensOf(seed, length), tokensOf(seed + 1, length)];
      const interventions = changes(kind, inside, [0, 3, 7, length - 1]);
      const ends = endsOf(cuts, length);
      const cached = await read(model, newCache(model), { rows, ends, interventions });
      const uncached = await whole(model, rows, interventions);
      expect(maxDifference(cached, uncached)).toBeLessThan(tolerance);
    });
    await assert(property, { numRuns: 1, seed: seedOf(kind) });
  });

  it.each(kinds)(
    "computes for padded prompts what it does for each alone, changing %s",
    async (kind) => {
      const model = await opened;
      const lengths = tuple(...[1, 2].map(() => integer({ min: 1, max: longest - 4 })));
      const pads = constantFrom(0, 5, 40);
      const property = asyncProperty(cutSequence, lengths, pads, async (sequence, counts, pad) => {
        const [seed, , cuts] = sequence;
        const prompts = counts.map((count, row) => tokensOf(seed + row, count));
        const later = prompts.map((_, row) => tokensOf(seed + 10 + row, 4));
        const { rows, padding } = padLeft(prompts, pad);
        const joined = rows.map((row, index) => [...row, ...later[index]]);
        const first = rows[0].length;
        const ends = [first, ...endsOf(cuts, 4).map((end) => first + end)];
        const everywhere = Array.from({ length: first + 4 }, (_, index) => index);
        const interventions = changes(kind, inside, everywhere);
        const reading = { rows: joined, ends, interventions, padding };
        const together = await read(model, newCache(model), reading);
        for (const [index, prompt] of prompts.entries()) {
          const alone = await whole(model, [[...prompt, ...later[index]]], interventions);
          const real = mx.Slice(padding[index], null);
          const ours = together.index(mx.Slice(index, index + 1), real);
          expect(maxDifference(ours, alone)).toBeLessThan(tolerance);
        }
      });
      await assert(property, { numRuns: 1, seed: 9 + seedOf(kind) });
    },
  );

  it("continues a prefix that was read once as often as one likes", async () => {
    const model = await opened;
    const prefix = tokensOf(1, 9);
    const cache = newCache(model);
    await read(model, cache, { rows: [prefix], ends: [4, 9] });
    for (const seed of [2, 3, 2]) {
      const rows = [[...prefix, ...tokensOf(seed, 5)]];
      const continued = await read(model, cache.copy() as Cache, { rows, ends: [10, 14] });
      const alone = (await whole(model, rows)).index(all, mx.Slice(9, null));
      expect(maxDifference(continued, alone)).toBeLessThan(tolerance);
    }
    expect(cache.length).toBe(9);
  });
});
