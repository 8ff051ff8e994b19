/** An argument that is a set of transcoders: what else is given is refused by name, before anything reads it. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Transcoders } from "./transcoder-set.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkTranscoders(argument: string, value: unknown): asserts value is Transcoders {
  const kind = (value as Partial<Transcoders> | null | undefined)?.kind;
  if (kind === "per-layer" || kind === "cross-layer") return;
  const rule = "must be transcoders of all layers, such as loadTranscoders gives.";
  throw new InvalidArgumentError(argument, value, rule);
}
