/** What a view of a model changes for good, as data: names, selectors, and what is done there. */
import { checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import { isModuleEdit, type ModuleEdit } from "../module-edits/module-edit.js";
import { checkInterventions, type Intervention, type Interventions } from "../pass/intervention.js";

type Change = Intervention | ModuleEdit;

/** Interventions and module edits by site or selector, in the order they are written. */
export type ModelEdits = Readonly<Record<string, Change | readonly Change[]>>;

/** One edit of a view. */
export interface NamedEdit {
  /** Unique within the view. */
  readonly name: string;
  readonly interventions: ModelEdits;
}

export interface EditOptions {
  /** For `withoutEdit`, provenance and JSON. Default: `edit1`, `edit2`, … */
  readonly name?: string;
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a list of edits, each with a name and interventions
 * @example
 * checkEdits("edits", [{ name: "calm", interventions: { "layers.2": (x: MxArray) => x } }]);
 */
export function checkEdits(argument: string, value: unknown): void {
  checkText("argument", argument);
  checkList(argument, value);
  for (const [index, edit] of (value as readonly NamedEdit[]).entries()) {
    const place = `${argument}[${index}]`;
    checkRecord(place, edit);
    checkOptions<NamedEdit>(place, edit, { name: true, interventions: true });
    checkText(`${place}.name`, edit.name);
    checkInterventions(`${place}.interventions`, edit.interventions);
  }
}

const kept = new WeakSet<NamedEdit>();

/** An edit as a view keeps it: whoever goes on with the object it was made from changes no view. */
export function keptEdit(edit: NamedEdit): NamedEdit {
  if (kept.has(edit)) return edit;
  const entries = Object.entries(edit.interventions).map(([selector, given]) => [
    selector,
    Array.isArray(given) ? Object.freeze([...given]) : given,
  ]);
  const interventions = Object.freeze(Object.fromEntries(entries)) as ModelEdits;
  const own = Object.freeze({ name: edit.name, interventions });
  kept.add(own);
  return own;
}

/** Every change of one edit with its selector, in order. */
export function changesOf({ interventions }: NamedEdit): { selector: string; change: Change }[] {
  return Object.entries(interventions).flatMap(([selector, given]) =>
    listOf(given).map((change) => ({ selector, change })),
  );
}

/** What of an edit a pass applies to values; the rest is in the module tree already. */
export function interventionsOf({ interventions }: NamedEdit): Interventions {
  const entries = Object.entries(interventions).map(([selector, given]) => {
    const list = listOf(given).filter((change): change is Intervention => !isModuleEdit(change));
    return [selector, list] as const;
  });
  return Object.fromEntries(entries.filter(([, list]) => list.length > 0));
}

function listOf(given: ModelEdits[string]): readonly Change[] {
  return Array.isArray(given) ? (given as readonly Change[]) : [given as Change];
}
