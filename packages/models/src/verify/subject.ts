/** What a verification runs on: one model, and the prompts its invariants need. */
import type { InterpretableModelCore, Prompt } from "@mlxterp/core";
import type { Module, MxArray } from "@mlxterp/mlx";
import type { Decoder } from "../decoder/model/decoder.js";
import type { DecoderBody } from "../decoder/model/decoder-body.js";
import type { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";

/** Prompts, derived from one, on which a model is checked. */
interface Prompts {
  /** The prompt itself. */
  readonly ids: readonly number[];
  /** Other tokens, equally many: what a patch starts from. */
  readonly other: readonly number[];
  /** Fewer tokens: what gets padded in a batch with the prompt. */
  readonly short: readonly number[];
}

/** A language model of any architecture. */
export interface AnySubject extends Prompts {
  readonly model: InterpretableModelCore<Module>;
  /** The layer whose gradients are compared with differences, such as `layers.3`. */
  readonly middle: string;
  /** A memory of its own: each call feeds further tokens, (batch, position), and returns their logits. */
  readonly remembering: () => (tokens: MxArray, padding?: readonly number[]) => MxArray;
}

/** What attends in each of its layers, whatever stands on them. */
export interface BodySubject extends AnySubject {
  readonly model: InterpretableModelCore<DecoderBody>;
}

/** A decoder whose layers attend, each of them. */
export interface Subject extends AnySubject {
  readonly model: InterpretableModelCore<Decoder>;
}

/** One of whose layers some or all remember. */
export interface RecurrentSubject extends AnySubject {
  readonly model: InterpretableModelCore<RecurrentDecoder>;
}

const defaultLength = 12;

/**
 * The prompts of a verification.
 *
 * @param prompt one prompt; by default some token ids spread over the vocabulary
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
 */
export function promptsFor(model: InterpretableModelCore<Module>, prompt?: Prompt): Prompts {
  const ids = model.tokens(prompt ?? spreadIds(model)).ids[0];
  return {
    ids,
    other: [...ids.slice(1), ids[0]],
    short: ids.slice(0, Math.ceil(ids.length / 2)),
  };
}

/** The same ids every time, and neighbours far apart, so that no two checks agree by accident. */
function spreadIds({ anatomy }: InterpretableModelCore<Module>): number[] {
  const { vocab, maxPositions = defaultLength } = anatomy;
  const length = Math.min(defaultLength, maxPositions);
  return Array.from({ length }, (_, index) => (index * index * 7919 + index * 104_729 + 1) % vocab);
}

/** The layer in the middle of one list of them. */
export const middleLayer = ({ anatomy }: InterpretableModelCore<Module>): string =>
  `layers.${Math.floor((anatomy.layers - 1) / 2)}`;

/** The sites of a model that match, such as those of the layers that have them. */
export function sitesLike({ model }: Pick<AnySubject, "model">, pattern: RegExp): string[] {
  return model.sites().flatMap(({ site }) => (pattern.test(site) ? [site] : []));
}
