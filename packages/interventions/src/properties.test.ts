/** Properties of all interventions, on arbitrary ones: shape, dtype, purity, restriction, round trips. */
import type { Intervention } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ablateDirection } from "./ablate-direction/ablate-direction.js";
import { addVector } from "./add-vector/add-vector.js";
import { atBatch } from "./at-batch/at-batch.js";
import { atHeads } from "./at-heads/at-heads.js";
import { atPositions } from "./at-positions/at-positions.js";
import type { InterventionJson } from "./built-in/built-in.js";
import { compose } from "./compose/compose.js";
import { parseIntervention } from "./json/parse-json.js";
import { toJSON } from "./json/to-json.js";
import { project } from "./project/project.js";
import { scale } from "./scale/scale.js";
import { changed, counting, siteContext, tokenBatch, values, zAxes } from "./test-support.js";
import { zeroOut } from "./zero-out/zero-out.js";

const [batch, positions, heads, headDim] = [2, 3, 4, 2];
const shape = [batch, positions, heads, headDim];
const context = siteContext({ site: "layers.1.selfAttn.z", axes: zAxes });

// JSON knows no negative zero
const small = fc.double({ min: -100, max: 100, noNaN: true }).map((value) => value + 0);
const vector = fc.array(small, { minLength: headDim, maxLength: headDim });
const index = (size: number) => fc.integer({ min: -size, max: size - 1 });
const several = (size: number) =>
  fc.oneof(index(size), fc.array(index(size), { minLength: 1, maxLength: 4 }));
const option = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const { json } = fc.letrec<{ json: InterventionJson }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant<InterventionJson>({ type: "zeroOut" }),
    fc.record({ type: fc.constant("scale" as const), factor: small }),
    fc.record({ vector, scale: option(small) }).map(({ vector, scale }) => ({
      type: "addVector" as const,
      vector,
      ...(scale !== undefined && { scale }),
    })),
    fc.record({ type: fc.constant("replaceWith" as const), value: fc.oneof(small, vector) }),
    fc.record({ type: fc.constant("clamp" as const), min: small }),
    fc.record({
      type: fc.constant("noise" as const),
      std: fc.double({ min: 0, max: 5, noNaN: true }),
      seed: fc.nat(),
    }),
    fc.record({
      type: fc.constant("project" as const),
      directions: vector.filter((direction) => direction.some((value) => Math.abs(value) > 1e-3)),
    }),
    fc.record({ type: fc.constant("meanAblate" as const), over: fc.constant(["batch" as const]) }),
    fc.record({
      type: fc.constant("compose" as const),
      interventions: fc.array(tie("json"), { maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant("atPositions" as const),
      positions: several(positions),
      intervention: tie("json"),
    }),
    fc.record({
      type: fc.constant("atHeads" as const),
      heads: several(heads),
      intervention: tie("json"),
    }),
    fc.record({
      type: fc.constant("atBatch" as const),
      rows: several(batch),
      intervention: tie("json"),
    }),
  ) as fc.Arbitrary<InterventionJson>,
}));

const run = (intervention: Intervention, x = counting(shape)) => intervention(x, context);

describe("every intervention", () => {
  it("survives JSON, and does the same afterwards", () => {
    fc.assert(
      fc.property(json, (specification) => {
        const intervention = parseIntervention(specification);
        const written = toJSON(intervention);
        expect(written).toEqual(specification);
        const again = parseIntervention(JSON.parse(JSON.stringify(written)));
        expect(values(run(again))).toEqual(values(run(intervention)));
      }),
      { numRuns: 150 },
    );
  });

  it("keeps shape and dtype, changes neither its input nor its own state", () => {
    const dtypes = fc.constantFrom(mx.float32, mx.float16, mx.bfloat16);
    fc.assert(
      fc.property(json, dtypes, (specification, dtype) => {
        const intervention = parseIntervention(specification);
        const x = counting(shape, dtype);
        const y = run(intervention, x);
        expect([y.shape, y.dtype]).toEqual([shape, dtype]);
        const first = values(y);
        expect(values(x)).toEqual(values(counting(shape, dtype)));
        expect(values(run(intervention, x))).toEqual(first);
      }),
      { numRuns: 150 },
    );
  });

  it("changes nothing outside of what it is restricted to, and is itself inside", () => {
    const place = fc.tuple(index(batch), index(positions), index(heads));
    fc.assert(
      fc.property(json, place, (specification, [row, position, head]) => {
        const inner = parseIntervention(specification);
        const x = counting(shape);
        const y = values(run(atBatch(row, atPositions(position, atHeads(head, inner))), x));
        const everywhere = values(run(inner, x));
        const wanted =
          ((((row + batch) % batch) * positions + ((position + positions) % positions)) * heads +
            ((head + heads) % heads)) *
          headDim;
        const expected = values(x).map((value, at) =>
          at >= wanted && at < wanted + headDim ? everywhere[at] : value,
        );
        expect(y).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});

describe("laws", () => {
  it("composing is applying one after the other", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [first, second] = [parseIntervention(a), parseIntervention(b)];
        expect(values(run(compose(first, second)))).toEqual(values(second(run(first), context)));
      }),
      { numRuns: 60 },
    );
  });

  it("what is kept and what is removed add up, and removing twice is removing once", () => {
    const direction = vector.filter((candidate) => Math.hypot(...candidate) > 1e-2);
    fc.assert(
      fc.property(direction, (d) => {
        const x = counting(shape);
        const [kept, rest] = [values(run(project(d), x)), run(ablateDirection(d), x)];
        const twice = values(run(ablateDirection(d), rest));
        for (const [at, value] of values(x).entries()) {
          expect(kept[at] + values(rest)[at]).toBeCloseTo(value, 3);
          expect(twice[at]).toBeCloseTo(values(rest)[at], 3);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("adding a vector and its negative changes nothing; so do scale(1) and an identity of the user's", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 2, maxLength: 2 }),
        (v) => {
          const there = compose(addVector(v), addVector(v, { scale: -1 }), scale(1), (x) => x);
          expect(changed(counting(shape), run(there))).not.toContain(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("a prompt in a padded batch is changed as the prompt alone", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        lengths,
        fc.constantFrom("right" as const, "left" as const),
        (prompts, padding) => {
          const width = Math.max(...prompts);
          const cut = compose(atPositions(-1, zeroOut()), atPositions({ from: 0 }, scale(2)));
          const x = counting([prompts.length, width, 1]);
          const tokens = tokenBatch(prompts, padding);
          const y = values(cut(x, siteContext({ tokens })));
          for (const [row, length] of prompts.entries()) {
            const start = row * width + (padding === "left" ? width - length : 0);
            const own = mx.array(values(x).slice(start, start + length)).reshape([1, length, 1]);
            const alone = values(cut(own, siteContext({ tokens: tokenBatch([length]) })));
            expect(y.slice(start, start + length)).toEqual(alone);
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it("generation with a cache is changed as one pass over everything", () => {
    const range = fc.record({ from: fc.integer({ min: -3, max: 8 }) });
    fc.assert(
      fc.property(range, ({ from }) => {
        const tokens = tokenBatch([3]);
        const intervention = atPositions({ from }, zeroOut());
        const pieces = [0, 1, 2, 3].flatMap((step) => {
          const [size, offset] = step === 0 ? [3, 0] : [1, 2 + step];
          const x = mx.ones([1, size, 1]);
          return values(intervention(x, siteContext({ tokens, step, offset })));
        });
        const first = from < 0 ? from + 3 : from;
        expect(pieces).toEqual([0, 1, 2, 3, 4, 5].map((position) => (position >= first ? 0 : 1)));
      }),
      { numRuns: 20 },
    );
  });
});
