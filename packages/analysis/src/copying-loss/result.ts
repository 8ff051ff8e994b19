/** What the copying loss answers: the loss of both copies, with all heads and without some. */
import {
  type Grid,
  InvalidArgumentError,
  type Result,
  type ResultShape,
  readsResult,
  type Table,
} from "@mlxterp/results";

/** `intact`, `without` the heads that were named, `control`: without as many others. */
export type CopyingRun = "intact" | "without" | "control";

export type CopyingLossGrids = {
  /** Mean loss at each token of the second copy, which its place in the copy names. */
  readonly second: Grid<"run" | "token">;
};

export type CopyingLossTables = {
  /** Mean loss in nats per token over each copy, without its first token. */
  readonly losses: Table<{
    readonly run: CopyingRun;
    /** The heads that are set to zero, such as `1.0 1.3`. */
    readonly heads: string;
    readonly first: number;
    readonly second: number;
  }>;
};

export type CopyingLossResult = Result<"copying", CopyingLossGrids, CopyingLossTables>;

/** What it has at run time. */
export const copyingLossShape: ResultShape<CopyingLossResult> = {
  method: "copying",
  grids: {
    second: ["run", "token"],
  },
  tables: {
    losses: { run: "text", heads: "text", first: "number", second: "number" },
  },
};

/** One run's losses, with its heads as numbers. */
export interface CopyLoss {
  readonly heads: readonly (readonly [layer: number, head: number])[];
  readonly first: number;
  readonly second: number;
}

/**
 * The losses of one run.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a run that was not asked for: without heads there is only `intact`
 * @example
 * const result = await copyingLoss(model, undefined, { sequences: 2 });
 * copyLossOf(result, "intact").second < copyLossOf(result, "intact").first; // true
 */
export const copyLossOf = readsResult(
  copyingLossShape,
  ({ tables }: CopyingLossResult, run: CopyingRun): CopyLoss => {
    const row = tables.losses.rows.find((one) => one.run === run);
    if (!row) throw new InvalidArgumentError("run", run, "was not made; name heads to take away.");
    const { heads: names, first, second } = row;
    const heads = names === "" ? [] : names.split(" ").map(headOf);
    return { heads, first, second };
  },
);

function headOf(name: string): [number, number] {
  const [layer, head] = name.split(".").map(Number);
  return [layer, head];
}
