/** The errors of the methods; each shows the offending tokens or values and the way out. */
import { MlxterpError } from "@mlxterp/mlx";

/** An answer that is not exactly one token. */
export class AnswerTokenError extends MlxterpError {
  readonly code = "ANSWER_TOKEN";
  constructor(
    readonly answer: string,
    /** What the tokenizer makes of it. */
    readonly pieces: readonly string[],
  ) {
    super(
      `An answer must be one token, but "${answer}" is ${pieces.length} here: ${quoted(pieces)}. Choose another word (mind the leading space), pass a token id, or score its tokens one after the other: { sequence: ${JSON.stringify(answer)} }.`,
    );
  }
}

/** A text answer for a model that has no tokenizer. */
export class MissingTokenizerError extends MlxterpError {
  readonly code = "MISSING_TOKENIZER";
  constructor(readonly text: string) {
    super(`This model has no tokenizer, so "${text}" cannot become a token. Pass a token id.`);
  }
}

/** Prompts that are compared position by position, but differ in their number of tokens. */
export class UnequalLengthError extends MlxterpError {
  readonly code = "UNEQUAL_LENGTH";
  constructor(
    readonly first: readonly string[],
    readonly second: readonly string[],
    readonly names: readonly [first: string, second: string] = ["clean", "corrupted"],
  ) {
    super(
      `Prompts are patched position by position, so they need the same number of tokens. ` +
        `${names[0]}: ${first.length} (${quoted(first)}); ${names[1]}: ${second.length} (${quoted(second)}). ` +
        `${firstDifference(first, second, names)} Choose words that the tokenizer splits alike, or mark those that stand for each other (spans).`,
    );
  }
}

/** Where two lists of tokens part, with what stands there and next. */
function firstDifference(
  first: readonly string[],
  second: readonly string[],
  names: readonly [string, string],
): string {
  const longest = Math.max(first.length, second.length);
  let at = 0;
  while (at < longest && first[at] === second[at]) at++;
  const shown = [first, second].map((pieces, index) => {
    const next = pieces.slice(at, at + 2);
    return `${names[index]} has ${next.length > 0 ? quoted(next) : "ended"}`;
  });
  return `They differ first at token ${at}: ${shown.join(", ")}.`;
}

/** Clean and corrupted run score the same (or not a number), so there is no scale for effects. */
export class EqualBaselinesError extends MlxterpError {
  readonly code = "EQUAL_BASELINES";
  constructor(
    readonly pair: number,
    readonly metric: string,
    readonly clean: number,
    readonly corrupted: number,
  ) {
    super(
      `Prompt pair ${pair}: the ${metric} is ${clean} on the clean and ${corrupted} on the corrupted prompt, so no patch has an effect to measure. Choose prompts or answers that the model tells apart.`,
    );
  }
}

/** A metric of the user's returned something else than one number for each row. */
export class MetricShapeError extends MlxterpError {
  readonly code = "METRIC_SHAPE";
  constructor(
    readonly expected: readonly number[],
    readonly received: readonly number[] | string,
  ) {
    const got = typeof received === "string" ? received : `shape [${received.join(", ")}]`;
    super(
      `A metric takes logits (rows, vocab) and must return shape [${expected.join(", ")}], but returned ${got}. Reduce over the last axis only.`,
    );
  }
}

/** A result that does not hold everything it takes to run it again. */
export class NotRepeatableError extends MlxterpError {
  readonly code = "NOT_REPEATABLE";
  constructor(readonly reason: string) {
    super(`This result cannot be run again: ${reason}.`);
  }
}

/** A model whose residual stream is not the sum of what its components write, so that no part of it belongs to an edge. */
export class NotASumError extends MlxterpError {
  readonly code = "NOT_A_SUM";
  constructor(
    readonly layer: number,
    readonly reason: string,
    wayOut = "Patch whole activations instead (activationPatching)",
  ) {
    super(
      `Edges and direct contributions are parts of a sum, but layer ${layer} of this model adds up otherwise: ${reason}. ${wayOut}.`,
    );
  }
}

function quoted(pieces: readonly string[]): string {
  return pieces.map((piece) => JSON.stringify(piece)).join(" ");
}
