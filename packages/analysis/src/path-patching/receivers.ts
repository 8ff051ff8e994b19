/** From names such as `a3.h0<q>` to the sites that read. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import type { ComponentGraph, ReadSite } from "../graph/graph.js";

/** One site, and the heads of it that may notice; the logits and MLPs have none. */
export interface Receiver {
  readonly read: ReadSite;
  readonly heads: readonly number[] | undefined;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) with the nearest name */
export function receiversOf(graph: ComponentGraph, names: readonly string[]): Receiver[] {
  const { destinations, reads } = graph;
  const chosen = names.map((name) => {
    const index = destinations.findIndex((one) => one.name === name);
    if (index !== -1) return index;
    const known = destinations.map((one) => one.name);
    const rule = `"${name}" reads nothing here.${didYouMean(name, known)} Receivers are logits, m0 …, and a0.h0<q>, <k>, <v> ….`;
    throw new InvalidArgumentError("receivers", name, rule);
  });
  return reads.flatMap((read): Receiver[] => {
    const own = chosen.filter((index) => index >= read.first && index < read.first + read.count);
    if (own.length === 0) return [];
    const alone = read.kind === "mlp" || read.kind === "logits";
    return [{ read, heads: alone ? undefined : own.map((index) => index - read.first) }];
  });
}
