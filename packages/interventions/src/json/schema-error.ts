/** From a failed schema to one error with the path and the value that are wrong. */
import { isArray } from "@mlxterp/mlx";
import type { z } from "zod";
import { InvalidInterventionError, type Path } from "../errors.js";

type Issue = z.core.$ZodIssue;

/** Deeper structures, and those that contain themselves, are refused before anything recurses into them. */
const deepest = 64;

/**
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) for JSON nested too deeply, and for arrays of MLX in it,
 * which a schema cannot look at
 */
export function requireShallow(json: unknown, path: Path): void {
  let level = new Map<unknown, Path>([[json, path]]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > deepest) {
      throw new InvalidInterventionError(path, json, `must not be nested deeper than ${deepest}.`);
    }
    level = new Map([...level].flatMap(([value, place]) => membersOf(value, place)));
  }
}

/** The objects inside a value, each with its place. */
function membersOf(value: unknown, path: Path): [unknown, Path][] {
  if (isArray(value)) {
    const rule = "is an array of MLX, and JSON holds plain numbers: write array.tolist().";
    throw new InvalidInterventionError(path, value, rule);
  }
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .filter(([, member]) => typeof member === "object" && member !== null)
    .map(([key, member]) => [member, [...path, isList ? Number(key) : key]]);
}

/** The most telling issue of a failed parse, as our error. */
export function schemaError(
  error: z.ZodError,
  json: unknown,
  path: Path,
): InvalidInterventionError {
  const found = mostTelling(error.issues[0], []);
  const value = found.path.reduce<unknown>(step, json);
  return new InvalidInterventionError([...path, ...found.path], value, found.rule, {
    cause: error,
  });
}

function step(value: unknown, key: string | number): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

interface Found {
  readonly path: (string | number)[];
  readonly rule: string;
}

/** Of a union's branches the one that got furthest is the one that was meant. */
function mostTelling(issue: Issue, prefix: Found["path"]): Found {
  const path = [...prefix, ...(issue.path as Found["path"])];
  if (issue.code !== "invalid_union") return { path, rule: sentence(issue.message) };
  if (issue.errors.length === 0) return { path, rule: sentence(issue.message) };
  const branches = issue.errors.map((branch) => mostTelling(branch[0], path));
  const furthest = Math.max(...branches.map((branch) => branch.path.length));
  const meant = branches.filter((branch) => branch.path.length === furthest);
  const rules = new Set(meant.map((branch) => branch.rule));
  return { path: meant[0].path, rule: [...rules].join(" Or: ") };
}

function sentence(message: string): string {
  return /[.?]$/.test(message) ? message : `${message}.`;
}
