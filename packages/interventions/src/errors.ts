/** The errors of interventions; each carries the offending value and says the way out. */
import { inspect } from "node:util";
import { MlxterpError } from "@mlxterp/mlx";

/** Where in a larger structure something stands. */
export type Path = readonly (string | number)[];

/** A value whose shape does not fit the activation it was meant for. */
export class ValueShapeError extends MlxterpError {
  readonly code = "VALUE_SHAPE";
  constructor(
    readonly intervention: string,
    readonly site: string,
    readonly received: readonly number[],
    readonly expected: readonly number[],
    rule: string,
  ) {
    super(
      `${intervention} at "${site}": a value of shape [${received.join(", ")}] does not fit the activation of shape [${expected.join(", ")}]. ${rule}`,
    );
  }
}

/** A value whose kind of number cannot stand at a site without loss, such as a fraction among indices. */
export class ValueDtypeError extends MlxterpError {
  readonly code = "VALUE_DTYPE";
  constructor(
    readonly intervention: string,
    readonly site: string,
    readonly received: string,
    readonly expected: string,
  ) {
    super(
      `${intervention} at "${site}": ${received} cannot become ${expected} without loss. Round it yourself, or choose a site that holds floating-point numbers.`,
    );
  }
}

/** Activations of other prompts than these: their tokens do not stand at the same places. */
export class PromptMismatchError extends MlxterpError {
  readonly code = "PROMPT_MISMATCH";
  constructor(
    readonly site: string,
    readonly prompt: number,
    readonly received: string,
    readonly expected: string,
  ) {
    super(
      `patchFrom at "${site}": the source holds ${received} for prompt ${prompt}, this pass has ${expected}. Patch between prompts with equally many tokens, or pass { get: (site) => … } to line them up yourself.`,
    );
  }
}

/** An intervention, or a part of one, that is not plain data. */
export class NotSerializableError extends MlxterpError {
  readonly code = "NOT_SERIALIZABLE";
  constructor(
    /** Where it stands, such as `layers.3[1].intervention`; empty for the whole. */
    readonly part: string,
    readonly reason: string,
  ) {
    super(`${part === "" ? "This intervention" : part} cannot be written as JSON: ${reason}`);
  }
}

/** JSON that does not describe an intervention. */
export class InvalidInterventionError extends MlxterpError {
  readonly code = "INVALID_INTERVENTION";
  constructor(
    readonly path: Path,
    readonly value: unknown,
    readonly rule: string,
    options?: ErrorOptions,
  ) {
    super(`${formatPath(path) || "intervention"}: ${rule} Received ${brief(value)}.`, options);
  }
}

/** Text that does not describe an intervention. */
export class InterventionSyntaxError extends MlxterpError {
  readonly code = "INTERVENTION_SYNTAX";
  constructor(
    readonly text: string,
    /** Counted from 1. */
    readonly column: number,
    readonly rule: string,
    options?: ErrorOptions,
  ) {
    super(`Column ${column} of '${text}': ${rule}`, options);
  }
}

/** Writes a path as one would in code: `interventions[1].factor`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join("");
}

/** A value in at most 60 characters, without asking it how it wants to be shown: one that was never built throws. */
export function brief(value: unknown): string {
  const text = inspect(value, {
    customInspect: false,
    depth: 2,
    maxArrayLength: 6,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
