/** Which activations of which steps a generation keeps, and each row's share of them. */
import { type ActivationCache, MissingAxisError, type Selector } from "@mlxterp/core";
import { isArray, type MxArray, mx } from "@mlxterp/mlx";
import type { GenerativeModel } from "./generative-model.js";
import { type StepSelection, stepTest } from "./step-selection.js";

/** Arrays by canonical site. */
export type SavedSites = Readonly<Record<string, MxArray>>;

export interface StepSaveOptions {
  /** The activations to keep. Default: none. */
  readonly save?: Selector | readonly Selector[];
  /** The steps to keep them of: 0 reads the prompt, step n the n-th generated token. Default: all. */
  readonly saveSteps?: StepSelection;
}

export interface SavePlan {
  readonly selectors: readonly Selector[];
  inStep(step: number): boolean;
  /** Whether a site is among them that sees fewer positions when only the last logits are computed. */
  readonly wholeOutput: boolean;
  readonly keepsOutput: boolean;
}

const endSites = /^(output|finalNorm|lmHead)(\.|$)/;

/** @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidArgumentError (`INVALID_ARGUMENT`) */
export function planSaves(
  model: GenerativeModel,
  { save = [], saveSteps }: StepSaveOptions,
): SavePlan | undefined {
  const selectors: readonly Selector[] =
    typeof save === "string" || save instanceof RegExp ? [save] : save;
  if (selectors.length === 0) return undefined;
  const sites = selectors.flatMap((selector) => model.sites(selector)).map(({ site }) => site);
  return {
    selectors,
    inStep: stepTest(saveSteps),
    wholeOutput: sites.some((site) => endSites.test(site)),
    keepsOutput: sites.includes("output"),
  };
}

/** One site of one pass. */
export interface SavedValue {
  readonly name: string;
  readonly value: MxArray;
  /** Where it counts positions. */
  readonly positionAxis: number | undefined;
  /** Where it counts keys. */
  readonly keyAxis: number | undefined;
}

/** What was asked for, without the output that generation needs for itself. */
export function savedValues(pass: ActivationCache, { keepsOutput }: SavePlan): SavedValue[] {
  return pass.held().flatMap(({ site, value }) => {
    const { name, axes, positionAxis } = site;
    if (!isArray(value) || (name === "output" && !keepsOutput)) return [];
    const key = axes?.indexOf("key") ?? -1;
    return [{ name, value, positionAxis, keyAxis: key < 0 ? undefined : key }];
  });
}

/** The values at the last few positions. */
export function newestOf(values: readonly SavedValue[], count: number): SavedValue[] {
  return values.map((saved) => {
    if (saved.positionAxis === undefined) return saved;
    const ranges = saved.value.shape.map((_, axis) =>
      axis === saved.positionAxis ? mx.Slice(-count, null) : mx.Slice(),
    );
    return { ...saved, value: saved.value.index(...ranges) };
  });
}

/** What one row of a pass has to do with the others. */
export interface RowPlace {
  readonly row: number;
  readonly rows: number;
  /** Pads at its left. */
  readonly pads: number;
  readonly step: number;
}

/**
 * One row's activations, as if its prompt had been alone.
 *
 * @throws MissingAxisError (`MISSING_AXIS`) for a site whose pads cannot be told from its tokens
 */
export function savedOfRow(values: readonly SavedValue[], place: RowPlace): SavedSites {
  return Object.fromEntries(values.map((saved) => [saved.name, rowOf(saved, place)]));
}

function rowOf(saved: SavedValue, { row, rows, pads, step }: RowPlace): MxArray {
  const { value, keyAxis } = saved;
  if (rows === 1) return value;
  const alone = value.index(mx.Slice(row, row + 1));
  if (pads === 0) return alone;
  const real = step === 0 ? withoutFirst(alone, requirePositionAxis(saved), pads) : alone;
  return keyAxis === undefined ? real : withoutFirst(real, keyAxis, pads);
}

/** @throws MissingAxisError (`MISSING_AXIS`) */
export function requirePositionAxis({ name, positionAxis }: SavedValue): number {
  if (positionAxis !== undefined) return positionAxis;
  const way = "Save it with generate, prompt by prompt, or declare `outputAxes` in its module.";
  throw new MissingAxisError(name, "position", undefined, way);
}

function withoutFirst(x: MxArray, axis: number, count: number): MxArray {
  const before = Array.from({ length: axis }, () => mx.Slice());
  return x.index(...before, mx.Slice(count, null));
}
