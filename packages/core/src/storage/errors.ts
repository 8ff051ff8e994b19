/** What can go wrong between activations and the room that there is for them. */
import { MlxterpError } from "@mlxterp/mlx";
import { formatBytes } from "./byte-size.js";

/** One site and the bytes that its value takes. */
export interface SiteBytes {
  readonly site: string;
  readonly bytes: number;
}

/** Changes to a save list, each of which alone would make it fit; those that cannot are absent. */
export interface BudgetRemedies {
  /** Holding floating values in half precision. */
  readonly dtype?: "float16";
  /** At most so many positions of each prompt. */
  readonly positions?: number;
  /** At most so many prompts. */
  readonly prompts?: number;
  /** The first sites of the list, as far as they fit together. */
  readonly sites?: readonly string[];
}

/** What was asked for takes more bytes than allowed; nothing has been computed. */
export class BudgetExceededError extends MlxterpError {
  readonly code = "BUDGET_EXCEEDED";
  constructor(
    readonly bytes: number,
    readonly budget: number,
    readonly largest: readonly SiteBytes[],
    readonly fits: BudgetRemedies,
  ) {
    const top = largest.map(({ site, bytes }) => `${site} ${formatBytes(bytes)}`).join(", ");
    super(
      `What is to be saved takes ${formatBytes(bytes)}, the budget is ${formatBytes(budget)}. Largest: ${top}. ${describe(fits)}`,
    );
  }
}

function describe({ dtype, positions, prompts, sites }: BudgetRemedies): string {
  const ways = [
    dtype && `dtype: "${dtype}"`,
    positions && `positions: ${positions} of each prompt`,
    prompts && `${prompts} prompt${prompts === 1 ? "" : "s"} at a time`,
    sites && `the first ${sites.length} sites (up to ${sites[sites.length - 1]})`,
  ].filter((way) => typeof way === "string");
  if (ways.length === 0) return "Save less, or let model.run use the disk: spill: { budget }.";
  return `Any of these fits: ${ways.join("; ")}. Or let model.run use the disk: spill: { budget }.`;
}

/** A folder of saved activations that is incomplete, or not what its manifest says. */
export class CorruptCacheError extends MlxterpError {
  readonly code = "CORRUPT_CACHE";
  constructor(
    /** The file that is missing or damaged. */
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}. Save the activations again.`, options);
  }
}

/** A folder that was to be written to has other files in it. */
export class FolderInUseError extends MlxterpError {
  readonly code = "FOLDER_IN_USE";
  constructor(readonly folder: string) {
    super(
      `${folder} has files in it. Name another folder, or pass { overwrite: true } to replace activations that were saved there.`,
    );
  }
}

/** Finite activations that become infinite in the dtype they were to be kept in. */
export class DtypeOverflowError extends MlxterpError {
  readonly code = "DTYPE_OVERFLOW";
  constructor(
    readonly site: string,
    readonly dtype: string,
    /** The largest finite size there. */
    readonly largest: number,
    where = "",
  ) {
    super(
      `"${site}" holds values up to ${largest.toPrecision(4)}${where}, which are infinite in ${dtype}. Keep it in ${dtype === "float16" ? '"bfloat16" or ' : ""}"float32".`,
    );
  }
}
