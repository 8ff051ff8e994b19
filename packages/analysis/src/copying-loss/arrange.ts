/** Losses token by token as means over the copies. */
import { createGrid, createTable } from "@mlxterp/results";
import { mean } from "../shared/lists.js";
import type { Copied } from "./copies.js";
import type { CopyingLossGrids, CopyingLossTables, CopyingRun } from "./result.js";
import type { Head } from "./token-losses.js";

/** One run's loss of every token but the first, prompt by prompt. */
export interface RunLosses {
  readonly run: CopyingRun;
  readonly heads: readonly Head[];
  readonly losses: readonly (readonly number[])[];
}

/** The losses of a copy from its second token on, of which the first cannot be known. */
function copyOf({ length }: Copied, losses: readonly number[], which: "first" | "second") {
  const end = which === "second" ? losses.length : losses.length - length;
  return losses.slice(end - length + 1, end);
}

export function lossTable(
  copied: readonly Copied[],
  runs: readonly RunLosses[],
): CopyingLossTables["losses"] {
  const over = ({ losses }: RunLosses, which: "first" | "second") =>
    mean(copied.flatMap((one, prompt) => copyOf(one, losses[prompt], which)));
  const rows = runs.map((one) => ({
    run: one.run,
    heads: one.heads.map((head) => head.join(".")).join(" "),
    first: over(one, "first"),
    second: over(one, "second"),
  }));
  return createTable(["run", "heads", "first", "second"], rows);
}

/** As far as the shortest copy goes. */
export function lossGrid(
  copied: readonly Copied[],
  runs: readonly RunLosses[],
): CopyingLossGrids["second"] {
  const shortest = Math.min(...copied.map(({ length }) => length));
  const token = Array.from({ length: shortest - 1 }, (_, index) => index + 1);
  const values = runs.flatMap(({ losses }) =>
    token.map((_, index) =>
      mean(copied.map((one, prompt) => copyOf(one, losses[prompt], "second")[index])),
    ),
  );
  return createGrid({ labels: { run: runs.map(({ run }) => run), token }, values, unit: "nats" });
}
