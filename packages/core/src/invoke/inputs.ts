/** From the prompts of several invocations to the one input of a forward. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { InvalidPromptError } from "../errors.js";
import { padRight } from "../tokens/prompts.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { Place } from "./rows.js";

/** What one invocation feeds. */
export interface PromptInput {
  readonly array: MxArray;
  /** Undefined when the input is not tokens. */
  readonly tokens: TokenBatch | undefined;
}

/** All invocations in one rectangle. */
export interface JoinedInput extends PromptInput {
  /** Where each invocation stands, in their order. */
  readonly places: readonly Place[];
}

/**
 * Refuses inputs that cannot share a forward.
 *
 * @param first that of the first invocation
 * @throws InvalidPromptError (`INVALID_PROMPT`)
 */
export function checkJoinable(first: PromptInput, next: PromptInput): void {
  if ((first.tokens === undefined) !== (next.tokens === undefined)) {
    const rule =
      "The prompts of one forward are all tokens, or all arrays that go to the module as they are.";
    throw new InvalidPromptError(rule, next.array);
  }
  if (next.tokens) return;
  const { shape, dtype } = next.array;
  if (shape.length < 2) {
    const rule = `Arrays are joined along their first axis, the batch, but this one has the shape [${shape.join(", ")}].`;
    throw new InvalidPromptError(`${rule} Give it a batch axis: expandDims(x, 0).`, next.array);
  }
  const alike = `${shape.slice(1).join(", ")}` === first.array.shape.slice(1).join(", ");
  if (alike && dtype === first.array.dtype) return;
  const rule = `Arrays of one forward agree in dtype and in every axis but the first; [${shape.join(", ")}] does not go with [${first.array.shape.join(", ")}].`;
  throw new InvalidPromptError(`${rule} Trace it by itself.`, next.array);
}

/** Tokens are padded on the right; arrays stand one after the other. */
export function joinInputs(inputs: readonly PromptInput[], padToken: number): JoinedInput {
  if (inputs.length === 0) {
    const rule = "There is no prompt: call trace.invoke(prompt) before reading from the trace.";
    throw new InvalidPromptError(rule, undefined);
  }
  const batches = inputs.flatMap(({ tokens }) => tokens ?? []);
  const ids = batches.flatMap((tokens) => tokens.ids);
  const tokens = ids.length > 0 ? padRight(ids, padToken) : undefined;
  const arrays = inputs.map(({ array }) => array);
  const array = tokens?.array ?? (arrays.length === 1 ? arrays[0] : mx.concatenate(arrays, 0));
  return { array, tokens, places: placesOf(arrays, tokens && array.shape[1]) };
}

function placesOf(arrays: readonly MxArray[], width: number | undefined): Place[] {
  const batch = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
  let start = 0;
  return arrays.map(({ shape: [rows, own] }) => {
    const place = { start, rows, batch, width, padding: width === undefined ? 0 : width - own };
    start += rows;
    return place;
  });
}
