/** An argument that is a set of transcoders: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError, isCallable } from "@mlxterp/mlx";
import type { Transcoders } from "./transcoder-set.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkTranscoders(argument: string, value: unknown): asserts value is Transcoders {
  const { kind, sites, encode } = Object(value ?? {}) as Partial<Transcoders>;
  const isKind = kind === "per-layer" || kind === "cross-layer";
  if (isKind && typeof sites === "object" && isCallable(encode)) return;
  const rule = "must be transcoders of all layers, such as loadTranscoders gives.";
  throw new InvalidArgumentError(argument, value, rule);
}
