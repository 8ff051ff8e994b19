/** The JSON form: round trips, what cannot be written, what cannot be read. */
import { type Intervention, skip } from "@mlxterp/core";
import { MlxterpError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ablateDirection } from "../ablate-direction/ablate-direction.js";
import { addVector } from "../add-vector/add-vector.js";
import { atBatch } from "../at-batch/at-batch.js";
import { atHeads } from "../at-heads/at-heads.js";
import { atKeys } from "../at-keys/at-keys.js";
import { atPositions } from "../at-positions/at-positions.js";
import { builtIn } from "../built-in/built-in.js";
import { clamp } from "../clamp/clamp.js";
import { compose } from "../compose/compose.js";
import { InvalidInterventionError, NotSerializableError } from "../errors.js";
import { meanAblate } from "../mean-ablate/mean-ablate.js";
import { noise } from "../noise/noise.js";
import { patchFrom } from "../patch-from/patch-from.js";
import { project } from "../project/project.js";
import { replaceWith } from "../replace-with/replace-with.js";
import { scale } from "../scale/scale.js";
import { counting } from "../test-support.js";
import { zeroOut } from "../zero-out/zero-out.js";
import { parseIntervention, parseInterventions } from "./parse-json.js";
import { interventionSchema, interventionsSchema } from "./schema.js";
import { interventionsToJSON, toJSON } from "./to-json.js";

const every = {
  zeroOut: zeroOut(),
  scale: scale(0.1),
  addVector: addVector([0.1, -2], { scale: 3 }),
  "addVector of an array": addVector(mx.array([0.1, 1e-7], mx.bfloat16)),
  replaceWith: replaceWith([[Number.NEGATIVE_INFINITY, 1]]),
  "replaceWith a number": replaceWith(0),
  "replaceWith booleans": replaceWith(mx.array([true, false])),
  clamp: clamp({ min: -1 }),
  noise: noise({ std: 0.5, seed: 7 }),
  project: project([1, 2]),
  ablateDirection: ablateDirection(mx.eye(2)),
  meanAblate: meanAblate({ over: ["batch"] }),
  "meanAblate with zero": meanAblate({ mean: 0 }),
  skip: skip(),
  "skip with zeros": skip({ output: "zeros" }),
  compose: compose(scale(2), compose(), zeroOut()),
  atPositions: atPositions({ from: -1 }, scale(2)),
  atKeys: atKeys([0, 1], zeroOut(), { axis: -1 }),
  atHeads: atHeads([4, 7], atBatch(0, zeroOut())),
};

describe("toJSON and parseIntervention", () => {
  it.each(Object.entries(every))("writes and reads %s", (_, intervention) => {
    const json = toJSON(intervention);
    const wire: unknown = JSON.parse(JSON.stringify(json));
    expect(wire).toEqual(json);
    expect(toJSON(parseIntervention(wire))).toEqual(json);
  });

  it("writes plain data that reads like the call", () => {
    expect(toJSON(every.atHeads)).toEqual({
      type: "atHeads",
      heads: [4, 7],
      intervention: { type: "atBatch", rows: 0, intervention: { type: "zeroOut" } },
    });
    expect(toJSON(every.replaceWith)).toEqual({ type: "replaceWith", value: [["-Infinity", 1]] });
    expect(toJSON(every["replaceWith booleans"])).toEqual({
      type: "replaceWith",
      value: { dtype: "bool", values: [1, 0] },
    });
  });

  it("writes and reads a whole record", () => {
    const json = interventionsToJSON({ "layers.3": scale(2), "layers.*": [zeroOut(), scale(1)] });
    expect(Object.keys(json)).toEqual(["layers.3", "layers.*"]);
    expect(interventionsToJSON(parseInterventions(json))).toEqual(json);
    expect(interventionsSchema.parse(json)).toEqual(json);
  });

  it("has a schema that JSON Schema can express", () => {
    const schema = z.toJSONSchema(interventionSchema) as { oneOf?: unknown[]; anyOf?: unknown[] };
    expect((schema.oneOf ?? schema.anyOf)?.length).toBe(builtIn.length);
    expect(builtIn.length).toBeGreaterThanOrEqual(15);
  });
});

describe("what cannot be written", () => {
  const cache = patchFrom({ get: () => counting([1]) }, { positions: 0 });

  it("names the part that is a function, a cache, or too large", () => {
    expect(() => toJSON((x) => x)).toThrow(NotSerializableError);
    const nested = { "layers.3": [zeroOut(), compose(scale(2), atHeads(0, cache))] };
    expect(() => interventionsToJSON(nested)).toThrow(
      /^layers\.3\[1\]\.interventions\[1\]\.intervention\.intervention cannot .* cache/,
    );
    const mine: Intervention = (x) => x;
    expect(() => toJSON(atBatch(0, mine))).toThrow(/^intervention .* mine is a function of yours/);
    expect(() => toJSON(replaceWith(mx.zeros([2000, 1000])))).toThrow(/value cannot .* 2000000/);
    expect(() => toJSON(replaceWith(mx.array([Number.NaN])))).toThrow(/NaN/);
    expect(() => toJSON(replaceWith(mx.array([1], mx.uint32)))).toThrow(/uint32/);
  });
});

describe("what cannot be read", () => {
  const inner = { type: "zeroOut" };
  const cyclic: { type: string; interventions: unknown[] } = { type: "compose", interventions: [] };
  cyclic.interventions.push(cyclic, cyclic);

  it.each<[unknown, string, unknown]>([
    [null, "", null],
    [{}, "type", undefined],
    [{ type: "zero_out" }, "type", "zero_out"],
    [{ type: "scale" }, "factor", undefined],
    [{ type: "scale", factor: "2" }, "factor", "2"],
    [{ type: "scale", factor: Number.NaN }, "factor", Number.NaN],
    [{ type: "clamp", min: 2, max: 1 }, "min", 2],
    [{ type: "clamp" }, "min", undefined],
    [{ type: "noise", std: -1 }, "std", -1],
    [{ type: "addVector", vector: [1, "x"] }, "vector[1]", "x"],
    [{ type: "addVector", vector: [[1], [2]] }, "vector", [[1], [2]]],
    [{ type: "replaceWith", value: [[1], [2, 3]] }, "value", [[1], [2, 3]]],
    [{ type: "addVector", vector: { dtype: "float64", values: [1] } }, "vector.dtype", "float64"],
    [{ type: "project", directions: [0, 0] }, "directions", [0, 0]],
    [{ type: "atHeads", heads: [], intervention: inner }, "heads", []],
    [{ type: "atHeads", heads: [1, 0.5], intervention: inner }, "heads[1]", 0.5],
    [{ type: "atPositions", positions: {}, intervention: inner }, "positions", {}],
    [{ type: "atBatch", rows: 0 }, "intervention", undefined],
    [
      { type: "compose", interventions: [inner, { type: "scale" }] },
      "interventions[1].factor",
      undefined,
    ],
    [
      { type: "atKeys", positions: 0, intervention: { type: "clamp" } },
      "intervention.min",
      undefined,
    ],
    [cyclic, "", cyclic],
  ])("%# refuses with path and value", (json, path, value) => {
    let error: unknown;
    try {
      parseIntervention(json);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InvalidInterventionError);
    expect(MlxterpError.isInstance(error)).toBe(true);
    const invalid = error as InvalidInterventionError;
    expect(invalid.message.startsWith(`${path || "intervention"}: `)).toBe(true);
    expect(invalid.value).toEqual(value);
  });

  it.each([[mx.array(3)], [mx.array([1, 2])], [mx.array([])]])(
    "refuses %s, an array of MLX, by its place: a schema that asked for its length threw",
    (array) => {
      const json = { type: "atPositions", positions: array, intervention: inner };
      const nested = { type: "compose", interventions: [inner, json] };
      expect(() => parseIntervention(json)).toThrow("positions: is an array of MLX");
      expect(() => parseInterventions({ "layers.1": [nested] })).toThrow(
        "layers.1[0].interventions[1].positions: is an array of MLX, and JSON holds plain numbers: write array.tolist().",
      );
    },
  );

  it("refuses fields that it does not know, so that a misspelt option is never ignored", () => {
    expect(() => parseIntervention({ type: "noise", std: 1, sed: 3 })).toThrow(/sed/);
  });

  it("lists the types there are, and begins the path with the site", () => {
    const wrong = () => parseInterventions({ "layers.3": [inner, { type: "scle" }] });
    expect(wrong).toThrow(/^layers\.3\[1\]\.type: must be one of zeroOut, scale/);
    expect(() => parseInterventions([])).toThrow(InvalidInterventionError);
  });
});
