/** A change of the modules of a view, rather than of a value. */
import { ModuleReplacement } from "./replace-module.js";
import { ModuleSplice } from "./splice.js";

/** A change of the modules themselves, rather than of a value. */
export type ModuleEdit = ModuleReplacement | ModuleSplice;

export function isModuleEdit(change: unknown): change is ModuleEdit {
  return change instanceof ModuleReplacement || change instanceof ModuleSplice;
}
