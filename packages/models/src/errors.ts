/** The errors of models and checkpoints; each names the field, weight or file and the way out. */
import { MlxterpError } from "@mlxterp/mlx";

/** A value of a file for a message: deep or long ones are told, not shown. */
function shown(value: unknown): string {
  if (typeof value === "number") return String(value); // JSON has no NaN and writes null
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? "a deep list" : "a deep object"; // too deep for the stack
  }
  if (text === undefined) return String(value);
  return text.length > 120 ? `${text.slice(0, 100)}… (${text.length} characters)` : text;
}

/** A decoder description with an unknown, missing or contradictory field. */
export class InvalidDecoderConfigError extends MlxterpError {
  readonly code = "INVALID_DECODER_CONFIG";
  constructor(readonly rule: string) {
    super(`This is not a valid DecoderConfig: ${rule}`);
  }
}

/** A `model_type` that no family describes. */
export class UnknownModelTypeError extends MlxterpError {
  readonly code = "UNKNOWN_MODEL_TYPE";
  constructor(
    readonly modelType: unknown,
    readonly file: string,
    readonly supported: readonly string[],
  ) {
    super(
      `${file}: ${modelType === undefined ? "it has no model_type" : `model_type ${shown(modelType)} is not supported`}; supported: ${supported.join(", ")}.`,
    );
  }
}

function withArticle(name: string): string {
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** A checkpoint that holds another kind of model than was asked for. */
export class ModelKindError extends MlxterpError {
  readonly code = "MODEL_KIND";
  constructor(
    /** The names of model classes. */
    readonly expected: string,
    readonly found: string,
    readonly file: string,
  ) {
    super(
      `${file} describes ${withArticle(found)}, not ${withArticle(expected)}. Load it with loadModel(source, { as: ${found} }).`,
    );
  }
}

/** Generation with a model that predicts no next token. */
export class NotGenerativeError extends MlxterpError {
  readonly code = "NOT_GENERATIVE";
  constructor(readonly model: string) {
    super(
      `${model} fills gaps and predicts no next token, so it cannot continue a text. Read the logits of run() at a masked position.`,
    );
  }
}

/** A field of `config.json` with a value whose computation is not implemented. */
export class UnsupportedConfigError extends MlxterpError {
  readonly code = "UNSUPPORTED_CONFIG";
  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly file: string,
    rule: string,
  ) {
    super(`${file}: ${field} is ${value === undefined ? "missing" : shown(value)}. ${rule}`);
  }
}

/** A model that is not where it was looked for. */
export class CheckpointNotFoundError extends MlxterpError {
  readonly code = "CHECKPOINT_NOT_FOUND";
  constructor(
    readonly source: string,
    readonly looked: readonly string[],
    wayOut: string,
  ) {
    super(`No checkpoint at "${source}". Looked for: ${looked.join(", ")}. ${wayOut}`);
  }
}

/** A file of a checkpoint that is damaged or not of its kind. */
export class CorruptCheckpointError extends MlxterpError {
  readonly code = "CORRUPT_CHECKPOINT";
  constructor(
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} is damaged: ${reason}. Copy or download it again.`, options);
  }
}

/** Weights the model needs and the checkpoint does not have. */
export class MissingWeightsError extends MlxterpError {
  readonly code = "MISSING_WEIGHTS";
  constructor(
    /** The model's parameters without a source. */
    readonly weights: readonly string[],
    readonly file: string,
    wayOut = "The config describes another model than the file.",
  ) {
    super(`${file} lacks ${listed(weights)}. ${wayOut}`);
  }
}

/** Weights in the checkpoint that the model has no place for. */
export class UnexpectedWeightsError extends MlxterpError {
  readonly code = "UNEXPECTED_WEIGHTS";
  constructor(
    /** The tensors' names in the file. */
    readonly weights: readonly string[],
    readonly file: string,
    wayOut = "The config describes another model than the file.",
  ) {
    super(`${file} holds ${listed(weights)}, which this model has no place for. ${wayOut}`);
  }
}

/** A weight whose shape contradicts the config. */
export class WeightShapeError extends MlxterpError {
  readonly code = "WEIGHT_SHAPE";
  constructor(
    readonly weight: string,
    readonly expected: readonly number[],
    readonly received: readonly number[],
    readonly file: string,
    /** What to do where it is not the file's own config that asks, or the fields of the config that do. */
    { wayOut, fields }: { readonly wayOut?: string; readonly fields?: string } = {},
  ) {
    const asks = wayOut ? "this model has" : "the config asks for";
    const found = `${file}: ${weight} has shape [${received.join(", ")}]`;
    const more = wayOut ?? fields;
    super(`${found}, but ${asks} [${expected.join(", ")}].${more ? ` ${more}` : ""}`);
  }
}

/** A download from the hub that failed; `status` is the HTTP status, if there was an answer. */
export class HubError extends MlxterpError {
  readonly code = "HUB";
  constructor(
    readonly repository: string,
    readonly status: number | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${repository}: ${reason}`, options);
  }
}

/** A tokenizer file that cannot be used. */
export class TokenizerError extends MlxterpError {
  readonly code = "TOKENIZER";
  constructor(
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
  }
}

/** A model or folder that cannot be saved as it is. */
export class UnsupportedSaveError extends MlxterpError {
  readonly code = "UNSUPPORTED_SAVE";
  constructor(
    readonly subject: string,
    rule: string,
  ) {
    super(`${subject}: ${rule}`);
  }
}

/** A prefix that another model has read: its keys and values mean nothing to this one. */
export class PrefixMismatchError extends MlxterpError {
  readonly code = "PREFIX_MISMATCH";
  constructor(
    /** The name of the model that read the prefix. */
    readonly reader: string,
    /** The name of the model that was to continue it. */
    readonly model: string,
    /** In what the two differ. */
    readonly differs: "model" | "edits" | "interventions",
  ) {
    const rules = {
      model: `This prefix was read by ${reader}, not by this ${model}.`,
      edits: `This prefix was read by another view of ${model}, with other edits.`,
      interventions: "This prefix was read under other interventions than those that continue it.",
    };
    const way =
      differs === "interventions"
        ? "Read it with the same ones, or say that its keys are meant to stay: { prefix: prefix.asItIs() }."
        : "Read it with the model that continues it: await model.readPrefix(prompt).";
    super(`${rules[differs]} ${way}`);
  }
}

/** A memory of earlier tokens that another computation filled. */
export class CacheMismatchError extends MlxterpError {
  readonly code = "CACHE_MISMATCH";
  constructor(
    /** In what the two computations differ. */
    readonly differs: "model" | "edits" | "interventions",
  ) {
    const rules = {
      model: "by another model",
      edits: "by another view of this model, with other edits",
      interventions: "under other interventions",
    };
    super(
      `This cache was filled ${rules[differs]}, so its keys and values are not those of the text before. Give an empty one, model.createCache(), and read the text again.`,
    );
  }
}

/** A prefix was used after it was disposed. */
export class ClosedPrefixError extends MlxterpError {
  readonly code = "CLOSED_PREFIX";
  constructor() {
    super("This prefix is disposed. Read it again: await model.readPrefix(prompt).");
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** A way of simplifying a model's weights that would change what this model computes. */
export class UnsupportedFoldError extends MlxterpError {
  readonly code = "UNSUPPORTED_FOLD";
  constructor(
    readonly option: string,
    readonly reason: string,
    wayOut = "Leave this option out.",
  ) {
    super(`${option} cannot be folded without changing the model. ${reason}. ${wayOut}`);
  }
}
