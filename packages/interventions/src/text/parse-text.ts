/** Interventions as text, for command lines: `atHeads([4, 7], scale(0.5))`. */

import type { Intervention, Interventions } from "@mlxterp/core";
import { checkList, checkText, isMap } from "@mlxterp/mlx";
import { brief, InterventionSyntaxError, InvalidInterventionError, type Path } from "../errors.js";
import { type KnownTypes, knownTypes, type ParseOptions } from "../json/known-types.js";
import { Parser } from "../json/parse-json.js";
import { readText, type TextNode } from "./read-text.js";

/**
 * Makes an intervention from text. It is read as data, never run as code.
 *
 * The text looks like the call in code, with these differences: options are given by name or in order
 * (`noise(0.1, seed=3)`, `clamp(-1, 1)`), and a range of positions is `2..5`, `..5` or `-3..`, without its last end, as in
 * `{ from, to }`.
 *
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InterventionSyntaxError (`INTERVENTION_SYNTAX`) with the column that is wrong
 * @example
 * parseInterventionText("atPositions(-1, compose(scale(2), noise(0.1, seed=3)))");
 */
export function parseInterventionText(text: string, options: ParseOptions = {}): Intervention {
  const known = knownTypes("parseInterventionText", options);
  checkText("text", text);
  return parseFrom(text, 0, known);
}

/**
 * Makes a record of interventions from texts of the form `site=intervention`; a site may occur several times.
 *
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InterventionSyntaxError (`INTERVENTION_SYNTAX`) with the column that is wrong
 * @example
 * parseInterventionEntries(["layers.3.mlp=scale(0.5)", "layers.{4..6}.selfAttn.z=atHeads(2, zeroOut())"]);
 */
export function parseInterventionEntries(
  entries: readonly string[],
  options: ParseOptions = {},
): Interventions {
  const known = knownTypes("parseInterventionEntries", options);
  const record: Record<string, Intervention[]> = {};
  checkList("entries", entries);
  for (const [index, entry] of entries.entries()) {
    checkText(`entries[${index}]`, entry);
    const equals = entry.indexOf("=");
    const site = entry.slice(0, Math.max(equals, 0)).trim();
    if (site === "") {
      const rule = "expected a site, '=' and an intervention, such as layers.3.mlp=scale(0.5).";
      throw new InterventionSyntaxError(entry, 1, rule);
    }
    record[site] ??= [];
    record[site].push(parseFrom(entry, equals + 1, known));
  }
  return record;
}

function parseFrom(text: string, from: number, known: KnownTypes): Intervention {
  const node = readText(text, from, known);
  try {
    return new Parser(known).one(plain(node), []);
  } catch (error) {
    if (!(error instanceof InvalidInterventionError)) throw error;
    const field = error.path.findLast((part) => typeof part === "string");
    const what = field === undefined ? "" : `${field}: `;
    const received = error.value === undefined ? "" : ` Received ${brief(error.value)}.`;
    const rule = `${what}${error.rule}${received}`;
    throw new InterventionSyntaxError(text, columnOf(node, error.path), rule, { cause: error });
  }
}

/** The JSON form behind a node. */
function plain({ value }: TextNode): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (isMap(value)) {
    return Object.fromEntries([...value].map(([name, node]) => [name, plain(node)]));
  }
  return value;
}

/** The column of the innermost node on a path. */
function columnOf(node: TextNode, path: Path): number {
  let found = node;
  for (const part of path) {
    const { value } = found;
    const next: TextNode | undefined = isMap(value)
      ? value.get(String(part))
      : Array.isArray(value)
        ? value[Number(part)]
        : undefined;
    if (!next) break;
    found = next;
  }
  return found.column;
}
