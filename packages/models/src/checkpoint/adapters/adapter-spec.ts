/** Which adapters are to be loaded, and how much of each. */
import { brief, checkFinite, checkOptions, checkText, InvalidArgumentError } from "@mlxterp/mlx";

/** An adapter, and how much of it. */
export interface WeightedAdapter {
  /** A folder or a hub id. */
  readonly source: string;
  /** What its change is multiplied with; 1 is the adapter as it was trained. Default: 1. */
  readonly weight?: number;
}

/** One adapter, or several whose changes are added. */
export type AdapterChoice = string | WeightedAdapter | readonly (string | WeightedAdapter)[];

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkAdapters(argument: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) checkAdapter(`${argument}[${index}]`, one);
  } else checkAdapter(argument, value);
}

function checkAdapter(argument: string, value: unknown): void {
  if (typeof value === "string") return;
  if (typeof value !== "object" || value === null) {
    const rule = `must be a folder, a hub id, or { source, weight }, not ${brief(value)}.`;
    throw new InvalidArgumentError(argument, value, rule);
  }
  checkOptions<WeightedAdapter>(argument, value as WeightedAdapter, {
    source: checkText,
    weight: checkFinite,
  });
  if (!("source" in value)) {
    throw new InvalidArgumentError(argument, value, "needs a source: a folder or a hub id.");
  }
}

/** All as sources with weights. */
export function adapterList(choice: AdapterChoice | undefined): Required<WeightedAdapter>[] {
  if (choice === undefined) return [];
  const list = (Array.isArray(choice) ? choice : [choice]) as readonly (string | WeightedAdapter)[];
  return list.map((one) =>
    typeof one === "string" ? { source: one, weight: 1 } : { weight: 1, ...one },
  );
}
