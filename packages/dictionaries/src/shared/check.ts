/** Arguments that are dictionaries: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { Crosscoder } from "../crosscoder/crosscoder.js";
import { Dictionary } from "../dictionary/dictionary.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkDictionary(argument: string, value: unknown): asserts value is Dictionary {
  if (value instanceof Dictionary) return;
  const rule = "must be a dictionary, such as loadDictionary gives.";
  throw new InvalidArgumentError(argument, value, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkCrosscoder(argument: string, value: unknown): asserts value is Crosscoder {
  if (value instanceof Crosscoder) return;
  const rule = "must be a crosscoder, such as loadCrosscoder gives.";
  throw new InvalidArgumentError(argument, value, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkTranscoders(argument: string, value: unknown): asserts value is Transcoders {
  const kind = (value as Partial<Transcoders> | null | undefined)?.kind;
  if (kind === "per-layer" || kind === "cross-layer") return;
  const rule = "must be transcoders of all layers, such as loadTranscoders gives.";
  throw new InvalidArgumentError(argument, value, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what has no batches */
export function checkSource(argument: string, value: unknown): void {
  if (typeof (value as { batches?: unknown } | null | undefined)?.batches === "function") return;
  const rule = "must be a source of rows, such as storeSource, modelSource or arraySource give.";
  throw new InvalidArgumentError(argument, value, rule);
}
