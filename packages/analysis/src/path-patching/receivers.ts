/** From names such as `a3.h0<q>` to the sites that read. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import type { ComponentGraph, ReadSite } from "../graph/graph.js";

/** One site, and the heads of it that may notice; the logits and MLPs have none. */
export interface Receiver {
  readonly read: ReadSite;
  readonly heads: readonly number[] | undefined;
  /** Query heads that share what the receivers read, and are kept as they were: those write what they wrote before. */
  readonly kept: readonly number[];
}

/** A receiver by its number among the destinations, and the heads that share it but do not notice. */
interface Named {
  readonly index: number;
  readonly kept: readonly number[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) with the nearest name */
export function receiversOf(graph: ComponentGraph, names: readonly string[]): Receiver[] {
  const chosen = names.map((name) => named(graph, name));
  const receivers = graph.reads.flatMap((read): Receiver[] => {
    const own = chosen.filter(
      ({ index }) => index >= read.first && index < read.first + read.count,
    );
    if (own.length === 0) return [];
    const alone = read.kind === "mlp" || read.kind === "logits";
    const heads = [...new Set(own.map(({ index }) => index - read.first))];
    return [{ read, heads: alone ? undefined : heads, kept: own.flatMap(({ kept }) => kept) }];
  });
  checkKept(receivers, graph, names);
  return receivers;
}

function named(graph: ComponentGraph, name: string): Named {
  const { destinations } = graph;
  const index = destinations.findIndex((one) => one.name === name);
  if (index !== -1) return { index, kept: [] };
  const shared = ownCopy(graph, name);
  if (shared) return shared;
  const known = destinations.map((one) => one.name);
  const rule = `"${name}" reads nothing here. ${didYouMean(name, known)}Receivers are logits, m0 …, and a0.h0<q>, <k>, <v> ….`;
  throw new InvalidArgumentError("receivers", name, rule);
}

/** One query head's own copy of a key or value that it shares, such as `a1.h3<k>`. */
function ownCopy({ destinations, heads }: ComponentGraph, name: string): Named | undefined {
  const found = /^(a\d+)\.h(\d+)<([kv])>$/.exec(name);
  if (!found) return undefined;
  const [, layer, number, letter] = found;
  const shared = destinations.filter((one) => one.name.startsWith(`${layer}.kv`) && one.name.endsWith(`<${letter}>`)); // biome-ignore format: one list
  const head = Number(number);
  if (shared.length === 0 || head >= heads) return undefined;
  const group = heads / shared.length;
  const kept = Array.from({ length: group }, (_, at) => Math.floor(head / group) * group + at);
  return {
    index: destinations.indexOf(shared[Math.floor(head / group)]),
    kept: kept.filter((one) => one !== head),
  };
}

/** Heads can only be kept as they were where nothing else changes what they mix. */
function checkKept(
  receivers: readonly Receiver[],
  { heads }: ComponentGraph,
  names: readonly string[],
): void {
  const keeping = receivers.find(({ kept }) => kept.length > 0);
  if (!keeping) return;
  const { layer, count } = keeping.read;
  const changed = receivers.flatMap(({ read, heads: own }) => {
    if (read.layer !== layer || !own) return [];
    const group = heads / read.count;
    return own.flatMap((one) => Array.from({ length: group }, (_, at) => one * group + at));
  });
  const kept = receivers.flatMap((one) => one.kept);
  const notices = new Set(changed.filter((head) => !kept.includes(head)));
  const others = receivers.filter(({ read }) => read.layer < layer);
  const asked = new Set(names.flatMap((name) => /\.h(\d+)</.exec(name)?.[1] ?? []).map(Number));
  const clash = kept.some((head) => asked.has(head) || notices.has(head));
  if (others.length === 0 && !clash) return;
  const rule = `heads ${kept.join(", ")} of layer ${layer} share this key or value (${heads / count} heads each) and would have to stay as they were, but other receivers change them too. Take the shared one, such as a${layer}.kv0<k>, or one receiver at a time.`;
  throw new InvalidArgumentError("receivers", names, rule);
}
