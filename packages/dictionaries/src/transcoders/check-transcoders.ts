/** An argument that is a set of transcoders: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Transcoders } from "./transcoder-set.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkTranscoders(argument: string, value: unknown): asserts value is Transcoders {
  const { kind, sites } = Object(value ?? {}) as Partial<Transcoders>;
  if ((kind === "per-layer" || kind === "cross-layer") && typeof sites === "object") return;
  const rule = "must be transcoders of all layers, such as loadTranscoders gives.";
  throw new InvalidArgumentError(argument, value, rule);
}
