/** The errors of tracing; each names the site, the offending value and the way out. */
import { brief, MlxterpError } from "@mlxterp/mlx";

/** A site or selector that matches nothing in this model. */
export class UnknownSiteError extends MlxterpError {
  readonly code = "UNKNOWN_SITE";
  constructor(
    readonly site: string,
    readonly nearest: readonly string[],
    hint = "",
  ) {
    const way = nearest.length > 0 ? ` Nearest: ${nearest.join(", ")}.` : "";
    super(`"${site}" matches no site of this model.${hint ? ` ${hint}` : ""}${way}`);
  }
}

/** A site that exists but whose module was not called in this pass. */
export class SiteNotReachedError extends MlxterpError {
  readonly code = "SITE_NOT_REACHED";
  constructor(
    readonly site: string,
    readonly reason: string,
  ) {
    super(`"${site}" has no value in this pass: ${reason}`);
  }
}

/** A module's forward returned a Promise; what it computes afterwards is no part of the pass. */
export class AsyncForwardError extends MlxterpError {
  readonly code = "ASYNC_FORWARD";
  constructor(
    /** The module; empty for the model itself. */
    readonly site: string,
  ) {
    super(
      `The forward of ${site === "" ? "the model" : `"${site}"`} returned a Promise, but a pass ends when the model's forward returns. Make it synchronous: nothing is computed in it, so nothing needs to be awaited; load what it needs beforehand.`,
    );
  }
}

/** An intervention returned something else than an array of the same shape. */
export class InterventionShapeError extends MlxterpError {
  readonly code = "INTERVENTION_SHAPE";
  constructor(
    readonly site: string,
    readonly expected: readonly number[],
    readonly received: readonly number[] | string,
  ) {
    const got = typeof received === "string" ? received : `shape [${received.join(", ")}]`;
    super(
      `An intervention at "${site}" must return an array of shape [${expected.join(", ")}], but returned ${got}.`,
    );
  }
}

/** An intervention returned numbers that the site's dtype cannot hold without loss. */
export class InterventionDtypeError extends MlxterpError {
  readonly code = "INTERVENTION_DTYPE";
  constructor(
    readonly site: string,
    readonly expected: string,
    readonly received: string,
  ) {
    super(
      `An intervention at "${site}" returned ${received}, which would lose what ${expected}, the dtype there, cannot hold. Cast it yourself if that is meant: .astype(x.dtype).`,
    );
  }
}

/** An intervention needs an axis that the site does not have. */
export class MissingAxisError extends MlxterpError {
  readonly code = "MISSING_AXIS";
  constructor(
    readonly site: string,
    readonly axis: string,
    readonly axes: readonly string[] | undefined,
    wayOut: string,
  ) {
    const has = axes ? `its axes are (${axes.join(", ")})` : "the meaning of its axes is not known";
    super(`"${site}" has no axis "${axis}": ${has}. ${wayOut}`);
  }
}

/** A position, head, batch row or layer outside what there is. */
export class OutOfRangeError extends MlxterpError {
  readonly code = "OUT_OF_RANGE";
  constructor(
    readonly what: string,
    readonly value: number,
    readonly size: number,
    where: string,
  ) {
    const named = [what, where].map((text) => (typeof text === "string" ? text : brief(text)));
    super(
      `${named[0]} ${brief(value)} does not exist: ${named[1]} has ${size} (0 … ${size - 1}, or negative from the end).`,
    );
  }
}

/** A token id outside the vocabulary. */
export class TokenRangeError extends MlxterpError {
  readonly code = "TOKEN_RANGE";
  constructor(
    readonly token: number,
    readonly vocab: number,
    readonly prompt: number,
    readonly position: number,
  ) {
    super(
      Number.isFinite(vocab)
        ? `Token ${token} at position ${position} of prompt ${prompt} is not in the vocabulary of ${vocab} (0 … ${vocab - 1}).`
        : `Token ${token} at position ${position} of prompt ${prompt} is not a token id: ids count from 0.`,
    );
  }
}

/** A prompt the model cannot take: empty, too long, or text without a tokenizer. */
export class InvalidPromptError extends MlxterpError {
  readonly code = "INVALID_PROMPT";
  constructor(
    readonly reason: string,
    readonly prompt: unknown,
  ) {
    super(reason);
  }
}

/** A trace or cache was used after it was disposed. */
export class DisposedError extends MlxterpError {
  readonly code = "DISPOSED";
  constructor(readonly what: "trace" | "cache") {
    const way =
      what === "trace"
        ? "Save what you need inside its block: site.save()."
        : "Take what you need with get() before it is disposed.";
    super(`This ${what} is closed. ${way}`);
  }
}

/** A site was read from the model while no trace of it is open. */
export class NoOpenTraceError extends MlxterpError {
  readonly code = "NO_OPEN_TRACE";
  constructor(readonly site: string) {
    super(
      `model.${site} has a value only inside a trace. Open one: using trace = model.trace(prompt).`,
    );
  }
}

/** A metric that gradients cannot be taken of: no array, not one number, or no floating-point one. */
export class InvalidMetricError extends MlxterpError {
  readonly code = "INVALID_METRIC";
  constructor(readonly received: string) {
    super(
      `A metric must return one floating-point number as an array of shape [], but returned ${received}. Reduce it: mx.sum(…), logits.index(0, -1, token).`,
    );
  }
}

/** A site whose values are integers or booleans, so that nothing has a gradient there. */
export class NotDifferentiableError extends MlxterpError {
  readonly code = "NOT_DIFFERENTIABLE";
  constructor(
    readonly site: string,
    readonly dtype: string,
  ) {
    super(
      `"${site}" has no gradient: its values are ${dtype}, not floating-point. Choose a site above it, such as the output of the embedding for token ids.`,
    );
  }
}

/** What a method needs from a model, but this model does not show. */
export class MissingAnatomyError extends MlxterpError {
  readonly code = "MISSING_ANATOMY";
  constructor(
    readonly part: string,
    readonly looked: readonly string[],
    wayOut = "Name it with new InterpretableModel(module, { anatomy: { … } }).",
  ) {
    super(`This model does not show its ${part}. Looked for: ${looked.join(", ")}. ${wayOut}`);
  }
}

/** A site was assigned to; values are changed by interventions, which run inside the forward. */
export class ReadOnlySiteError extends MlxterpError {
  readonly code = "READ_ONLY_SITE";
  constructor(readonly site: string) {
    super(
      `"${site}" cannot be assigned: the forward has already run. Change it with trace(prompt, { interventions: { "${site}": (x) => … } }).`,
    );
  }
}

/** An edit that cannot be made at a site. */
export class InvalidEditError extends MlxterpError {
  readonly code = "INVALID_EDIT";
  constructor(
    readonly site: string,
    /** What was to be done, such as `skip`. */
    readonly edit: string,
    readonly reason: string,
  ) {
    super(`${edit} cannot act at "${site}": ${reason}.`);
  }
}

/** A name that no edit of this view has, or that one has already. */
export class EditNameError extends MlxterpError {
  readonly code = "EDIT_NAME";
  constructor(
    readonly edit: string,
    readonly names: readonly string[],
  ) {
    const taken = names.includes(edit);
    const list = names.length > 0 ? `Its edits: ${names.join(", ")}.` : "It has none.";
    const way = taken
      ? "Give this one another name, or take the other out with withoutEdit."
      : "See view.edits.";
    super(`This view ${taken ? "has already an" : "has no"} edit named "${edit}". ${list} ${way}`);
  }
}
