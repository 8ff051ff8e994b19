/** The errors of dictionaries; each names the file, field or tensor and the way out. */
import { brief, MlxterpError } from "@mlxterp/mlx";

/** Files that are no dictionary of a known format, or not a whole one. */
export class DictionaryFormatError extends MlxterpError {
  readonly code = "DICTIONARY_FORMAT";
  constructor(
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${path} cannot be read as a dictionary: ${reason}`, options);
  }
}

/** A field of a dictionary's configuration that may change what it computes, and is not known. */
export class UnknownDictionaryFieldError extends MlxterpError {
  readonly code = "UNKNOWN_DICTIONARY_FIELD";
  constructor(
    readonly file: string,
    readonly field: string,
    readonly value: unknown,
    reason = "it may change what the dictionary computes",
  ) {
    super(
      `${file}: "${field}" is ${shown(value)}, which is not known here: ${reason}. If it changes nothing, pass it over with { ignore: ["${field}"] }.`,
    );
  }
}

/** Activations, weights or sites that do not fit a dictionary. */
export class DictionaryShapeError extends MlxterpError {
  readonly code = "DICTIONARY_SHAPE";
  constructor(
    readonly what: string,
    readonly expected: readonly (number | string)[],
    readonly received: readonly number[],
  ) {
    super(
      `${what} has shape [${received.join(", ")}] where [${expected.join(", ")}] is needed. A dictionary is for the model and the site that it was trained on.`,
    );
  }
}

function shown(value: unknown): string {
  const text = typeof value === "object" ? brief(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** A dictionary that a file format has no word for. */
export class UnsupportedDictionarySaveError extends MlxterpError {
  readonly code = "UNSUPPORTED_DICTIONARY_SAVE";
  constructor(
    readonly what: string,
    readonly format: string,
  ) {
    super(
      `The layout of ${format} has no word for ${what}, so that what is read back would compute something else.`,
    );
  }
}

/** A folder in which another training has begun. */
export class TrainingMismatchError extends MlxterpError {
  readonly code = "TRAINING_MISMATCH";
  constructor(
    readonly file: string,
    readonly setting: string,
    readonly stored: unknown,
    readonly given: unknown,
  ) {
    super(
      `${file} is of a training with ${setting} ${shown(stored)}, not ${shown(given)}. Give the same settings to go on, or another folder.`,
    );
  }
}

/** A source that has too few rows for a single step. */
export class NoTrainingDataError extends MlxterpError {
  readonly code = "NO_TRAINING_DATA";
  constructor(
    readonly source: string,
    readonly batchSize: number,
    readonly steps: number,
  ) {
    super(
      `The source (${source}) ended after ${steps} steps: it does not fill another batch of ${batchSize} rows. Give more data, or a smaller batchSize.`,
    );
  }
}
