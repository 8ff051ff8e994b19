/** What an edited view needs besides its model: unique names, the edits in both their forms, and an engine. */
import type { Module } from "@mlxterp/mlx";
import { EditNameError } from "../errors.js";
import { isModuleEdit } from "../module-edits/module-edit.js";
import { PassEngine } from "../pass/engine.js";
import type { Interventions } from "../pass/intervention.js";
import { changesOf, interventionsOf, type NamedEdit } from "./edit.js";
import { planModuleEdits } from "./module-plan.js";

/** What a model's passes are made with. */
interface EditedEngine {
  readonly edits: readonly NamedEdit[];
  /** The edits of values, applied in every pass before the interventions of the call. */
  readonly persistent: readonly Interventions[];
  readonly engine: PassEngine;
}

/**
 * The engine for a list of edits: the one there is, unless the modules differ.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidEditError (`INVALID_EDIT`), EditNameError (`EDIT_NAME`)
 */
export function engineFor(
  module: Module,
  current: Pick<EditedEngine, "edits" | "engine">,
  edits: readonly NamedEdit[],
): EditedEngine {
  checkNames(edits);
  const engine = sameModules(current.edits, edits)
    ? current.engine
    : new PassEngine(module, planModuleEdits(module, edits));
  const persistent = edits.map(interventionsOf);
  engine.check(persistent); // unknown sites are told here, not at the first pass
  return { edits, persistent, engine };
}

/** @throws EditNameError (`EDIT_NAME`) for a name that no edit has */
export function withoutEdit(edits: readonly NamedEdit[], name: string): readonly NamedEdit[] {
  const rest = edits.filter((edit) => edit.name !== name);
  if (rest.length < edits.length) return rest;
  throw new EditNameError(name, namesOf(edits));
}

/** The first of `edit1`, `edit2`, … that is free. */
export function freeName(edits: readonly NamedEdit[]): string {
  const taken = new Set(namesOf(edits));
  let number = edits.length + 1;
  while (taken.has(`edit${number}`)) number++;
  return `edit${number}`;
}

function checkNames(edits: readonly NamedEdit[]): void {
  const names = namesOf(edits);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new EditNameError(repeated, [...new Set(names)]);
}

function namesOf(edits: readonly NamedEdit[]): string[] {
  return edits.map(({ name }) => name);
}

function sameModules(one: readonly NamedEdit[], other: readonly NamedEdit[]): boolean {
  const [before, now] = [one, other].map((edits) => edits.filter(editsModules));
  return before.length === now.length && before.every((edit, index) => edit === now[index]);
}

function editsModules(edit: NamedEdit): boolean {
  return changesOf(edit).some(({ change }) => isModuleEdit(change));
}
