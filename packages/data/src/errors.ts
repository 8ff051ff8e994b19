/** The errors of datasets and stores; each names the file, field or column and the way out. */
import { MlxterpError } from "@mlxterp/mlx";

/** A sequence of a dataset that the model cannot take. */
export class InvalidSequenceError extends MlxterpError {
  readonly code = "INVALID_SEQUENCE";
  constructor(
    /** Its number in the dataset, from 0. */
    readonly sequence: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Sequence ${sequence} of the dataset cannot be used: ${reason}`, options);
  }
}

/** A site whose values are not one row of a fixed shape for each token. */
export class RowShapeError extends MlxterpError {
  readonly code = "ROW_SHAPE";
  constructor(
    readonly site: string,
    readonly expected: readonly number[],
    readonly received: readonly number[],
    rule: string,
  ) {
    super(
      `"${site}" has shape [${received.join(", ")}] where [${expected.join(", ")}] is needed: ${rule}`,
    );
  }
}

/** A folder without a store in it. */
export class StoreNotFoundError extends MlxterpError {
  readonly code = "STORE_NOT_FOUND";
  constructor(readonly folder: string) {
    super(`${folder} holds no activations: it has no manifest.json. Make it with collectToDisk.`);
  }
}

/** A folder that is in use, where a new store was to be made. */
export class StoreExistsError extends MlxterpError {
  readonly code = "STORE_EXISTS";
  constructor(
    readonly folder: string,
    readonly holds: string,
  ) {
    super(`${folder} already holds ${holds}. Name another folder, or remove this one yourself.`);
  }
}

/** A collection that cannot be continued, because it was begun with something else. */
export class StoreMismatchError extends MlxterpError {
  readonly code = "STORE_MISMATCH";
  constructor(
    readonly folder: string,
    /** What differs, such as `dataset` or `positions`. */
    readonly field: string,
    readonly stored: unknown,
    readonly given: unknown,
    wayOut = "Continue with what it was begun with, or collect into another folder.",
  ) {
    super(
      `${folder} cannot be continued: ${field} is ${shown(stored)} in the store, but ${shown(given)} was given. ${wayOut}`,
    );
  }
}

/** Two programs that collect into one folder. */
export class StoreBusyError extends MlxterpError {
  readonly code = "STORE_BUSY";
  constructor(
    readonly folder: string,
    /** What tells that it is in use. */
    readonly lock: string,
  ) {
    super(
      `Another program is collecting into ${folder}. Let it finish; the store can be continued afterwards. If none is, because it ran on another machine that is gone, remove ${lock}.`,
    );
  }
}

/** A table that has no Parquet form. */
export class InvalidTableError extends MlxterpError {
  readonly code = "INVALID_TABLE";
  constructor(
    readonly column: string,
    readonly value: unknown,
    rule: string,
  ) {
    super(`Column "${column}": ${rule}`);
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));
}
