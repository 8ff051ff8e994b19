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
 * The engine for a list of edits: the one there is, unless the modules differ. Edits that were there already are neither
 * read nor checked again, so that the next of a thousand views costs what the first did.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidEditError (`INVALID_EDIT`), EditNameError (`EDIT_NAME`)
 */
export function engineFor(
  module: Module,
  current: EditedEngine,
  edits: readonly NamedEdit[],
): EditedEngine {
  checkNames(edits);
  const known = new Map(current.edits.map((edit, index) => [edit, current.persistent[index]]));
  const persistent = edits.map((edit) => known.get(edit) ?? interventionsOf(edit));
  const same = sameModules(current.edits, edits);
  const engine = same ? current.engine : new PassEngine(module, planModuleEdits(module, edits));
  const added = same ? persistent.filter((_, index) => !known.has(edits[index])) : persistent;
  engine.check(added); // unknown sites are told here, not at the first pass
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
  const names = new Set<string>();
  for (const { name } of edits) {
    if (names.has(name)) throw new EditNameError(name, [...new Set(namesOf(edits))]);
    names.add(name);
  }
}

function namesOf(edits: readonly NamedEdit[]): string[] {
  return edits.map(({ name }) => name);
}

/** Whether the same edits of modules come in the same order. */
function sameModules(one: readonly NamedEdit[], other: readonly NamedEdit[]): boolean {
  const shared = one.findIndex((edit, index) => edit !== other[index]);
  const start = shared === -1 ? one.length : shared;
  const [before, now] = [one, other].map((edits) => edits.slice(start).filter(editsModules));
  return before.length === now.length && before.every((edit, index) => edit === now[index]);
}

function editsModules(edit: NamedEdit): boolean {
  return changesOf(edit).some(({ change }) => isModuleEdit(change));
}
