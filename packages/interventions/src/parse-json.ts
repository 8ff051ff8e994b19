/** From JSON to interventions. */
import { type Intervention, type Interventions, skip } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { addVector } from "./add-vector.js";
import { atBatch, atHeads } from "./at-indices.js";
import { atKeys, atPositions } from "./at-positions.js";
import { compose } from "./compose.js";
import { ablateDirection, type Directions, project } from "./directions.js";
import { InvalidInterventionError } from "./errors.js";
import type { InterventionJson } from "./json.js";
import { meanAblate } from "./mean-ablate.js";
import { noise } from "./noise.js";
import { readArray } from "./numbers.js";
import { replaceWith, zeroOut } from "./replace-with.js";
import { clamp, scale } from "./scalars.js";
import { interventionSchema } from "./schema.js";
import { requireShallow, schemaError } from "./schema-error.js";
import type { Path } from "./specification.js";

/**
 * Makes an intervention from its JSON form, as `toJSON` writes it or as written by hand.
 *
 * @param json an object with a `type`
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * parseIntervention({ type: "atHeads", heads: 4, intervention: { type: "zeroOut" } });
 */
export function parseIntervention(json: unknown): Intervention {
  return parseAt(json, []);
}

/**
 * Makes a whole record of interventions from its JSON form.
 *
 * @param json an object from sites or selectors to an intervention or a list of them
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * parseInterventions({ "layers.3.mlp": { type: "scale", factor: 0.5 } });
 */
export function parseInterventions(json: unknown): Interventions {
  return parseRecord(json, []);
}

/** @param path where the record stands, for messages */
export function parseRecord(json: unknown, path: Path): Interventions {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    const rule = "must be an object from sites to interventions.";
    throw new InvalidInterventionError(path, json, rule);
  }
  return Object.fromEntries(
    Object.entries(json).map(([site, given]: [string, unknown]) => [
      site,
      Array.isArray(given)
        ? given.map((one: unknown, index) => parseAt(one, [...path, site, index]))
        : parseAt(given, [...path, site]),
    ]),
  );
}

function parseAt(json: unknown, path: Path): Intervention {
  requireShallow(json, path);
  const result = interventionSchema.safeParse(json);
  if (!result.success) throw schemaError(result.error, json, path);
  return build(result.data, path);
}

function build(json: InterventionJson, path: Path): Intervention {
  try {
    return "intervention" in json ? restrict(json, path) : construct(json, path);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const rule = error.message.slice(error.argument.length + 2);
    const where = [...path, error.argument];
    throw new InvalidInterventionError(where, error.value, rule, { cause: error });
  }
}

type Combinator = Extract<InterventionJson, { intervention: InterventionJson }>;

function restrict(json: Combinator, path: Path): Intervention {
  const inner = build(json.intervention, [...path, "intervention"]);
  switch (json.type) {
    case "atPositions":
      return atPositions(json.positions, inner, { axis: json.axis });
    case "atKeys":
      return atKeys(json.positions, inner, { axis: json.axis });
    case "atHeads":
      return atHeads(json.heads, inner, { axis: json.axis });
    case "atBatch":
      return atBatch(json.rows, inner, { axis: json.axis });
  }
}

function construct(json: Exclude<InterventionJson, Combinator>, path: Path): Intervention {
  switch (json.type) {
    case "zeroOut":
      return zeroOut();
    case "scale":
      return scale(json.factor);
    case "clamp":
      return clamp({ min: json.min, max: json.max });
    case "noise":
      return noise({ std: json.std, seed: json.seed });
    case "addVector":
      // shapes are checked by the functions themselves
      return addVector(readArray("vector", json.vector) as number[] | MxArray, {
        scale: json.scale,
      });
    case "replaceWith":
      return replaceWith(readArray("value", json.value));
    case "project":
      return project(readArray("directions", json.directions) as Directions);
    case "ablateDirection":
      return ablateDirection(readArray("directions", json.directions) as Directions);
    case "meanAblate":
      return meanAblate({
        over: json.over,
        mean: json.mean === undefined ? undefined : readArray("mean", json.mean),
      });
    case "skip":
      return skip({ output: json.output });
    case "compose":
      return compose(
        ...json.interventions.map((inner, index) =>
          build(inner, [...path, "interventions", index]),
        ),
      );
  }
}
