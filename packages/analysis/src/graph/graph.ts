/**
 * A decoder as a graph of components: who writes to the residual stream, who reads from it, and which edges there are.
 *
 * Sources are the embedding, every head and every MLP; destinations are what each head reads for its queries, keys and values,
 * what each MLP reads, and the logits. An edge carries what its source wrote to what its destination reads. As the
 * stream is a sum, a destination reads a beginning of the list of sources: all that were written before.
 */
import type { MxArray } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { MlpUnits } from "./mlp-units.js";

/** What writes: `input`, `a3.h1`, `m3`; with parts of MLPs `m3.n17`, `m3.e5`, `m3.shared`. */
export interface Source {
  readonly name: string;
  readonly kind: "input" | "head" | "mlp" | MlpUnits["kind"];
  readonly layer: number;
  readonly head: number | null;
}

/** What reads: `a3.h1<q>`, `m3`, `logits`. Heads that share keys have one destination for them, `a3.kv0<k>`. */
export interface Destination {
  readonly name: string;
  readonly kind: ReadKind;
  readonly layer: number;
  readonly head: number | null;
}

/** `attention` is what all heads of a layer read together, where a pass can give none of them something of its own. */
export type ReadKind = "query" | "key" | "value" | "attention" | "mlp" | "logits";

/** Whether each head has a destination of its own. */
export function readsByHead(kind: ReadKind): boolean {
  return kind === "query" || kind === "key" || kind === "value";
}

/** Destinations that are one site, (batch, position, [heads], hidden). */
export interface ReadSite {
  readonly site: string;
  readonly kind: ReadKind;
  readonly layer: number;
  /** Its first destination. */
  readonly first: number;
  readonly count: number;
  /** It reads the sources before this one. */
  readonly reach: number;
}

export interface ComponentGraph {
  readonly sources: readonly Source[];
  readonly destinations: readonly Destination[];
  readonly reads: readonly ReadSite[];
  readonly layers: number;
  readonly heads: number;
  /** How many edges there are. */
  readonly edges: number;
  /** How many sources, from the first, each destination reads. */
  readonly reach: readonly number[];
  /** Of each layer. */
  readonly wiring: readonly LayerWiring[];
  /** The first source of each layer, and how many there are. */
  readonly firsts: readonly number[];
}

/** How many sources have written before a layer, or, after the last, before the logits. */
export function begunBefore({ firsts, layers }: ComponentGraph, layer: number): number {
  return firsts[Math.min(layer, layers)];
}

/** A set of edges: at `source * destinations + destination`. */
export type EdgeSet = Uint8Array;

/** What layers of one model differ in. */
export interface LayerWiring {
  /** Whether its MLP reads what its attention reads. */
  readonly parallel: boolean;
  readonly kvHeads: number;
  /** What stands between the stream and its MLP: a norm of its own (default), the one before attention, or none. */
  readonly mlpNorm?: "own" | "shared" | "none";
  /** Whether its heads read together, as in latent attention. Default: false. */
  readonly readsTogether?: boolean;
  /** What a norm after attention multiplies by, (hidden); absent where there is none. */
  readonly writeWeight?: MxArray;
  /** The parts of its MLP that are sources by themselves. Default: the whole is one. */
  readonly units?: MlpUnits;
}

/** @param wiring of each layer */
export function componentGraph(
  { anatomy }: AnalysisModel,
  wiring: readonly LayerWiring[],
): ComponentGraph {
  const { layers, heads } = anatomy;
  const sources: Source[] = [{ name: "input", kind: "input", layer: 0, head: null }];
  const destinations: Destination[] = [];
  const reads: ReadSite[] = [];
  const read = (site: string, kind: ReadKind, layer: number, names: readonly string[]) => {
    const reach = sources.length;
    reads.push({ site, kind, layer, first: destinations.length, count: names.length, reach });
    const byHead = readsByHead(kind);
    names.forEach((name, head) => {
      destinations.push({ name, kind, layer, head: byHead ? head : null });
    });
  };
  const firsts: number[] = [];
  for (const [layer, of] of wiring.entries()) {
    const { parallel, kvHeads, mlpNorm = "own", readsTogether, units } = of;
    firsts.push(sources.length);
    const readers = (count: number, letter: string) =>
      range(count).map((head) => {
        const one = letter !== "q" && kvHeads !== heads ? `kv${head}` : `h${head}`;
        return `a${layer}.${one}<${letter}>`;
      });
    if (readsTogether) {
      read(`layers.${layer}.inputNorm.input`, "attention", layer, [`a${layer}<qkv>`]);
    } else {
      read(`layers.${layer}.qInput`, "query", layer, readers(heads, "q"));
      read(`layers.${layer}.kInput`, "key", layer, readers(kvHeads, "k"));
      read(`layers.${layer}.vInput`, "value", layer, readers(kvHeads, "v"));
    }
    const written = range(heads).map((head): Source => {
      return { name: `a${layer}.h${head}`, kind: "head", layer, head };
    });
    if (!parallel) sources.push(...written);
    const mlpSite = mlpNorm === "own" ? "postAttentionNorm.input" : "mlp.input";
    read(`layers.${layer}.${mlpSite}`, "mlp", layer, [`m${layer}`]);
    if (parallel) sources.push(...written);
    const parts = units?.names.map((name) => `m${layer}.${name}`) ?? [`m${layer}`];
    const kind = units?.kind ?? "mlp";
    for (const name of parts) sources.push({ name, kind, layer, head: null });
  }
  read(`layers.${layers - 1}`, "logits", layers, ["logits"]);
  firsts.push(sources.length);
  const reach = reads.flatMap((one) => Array<number>(one.count).fill(one.reach));
  const edges = reach.reduce((sum, count) => sum + count, 0);
  return { sources, destinations, reads, layers, heads, edges, reach, wiring, firsts };
}

/** No edge, or all that there are. */
export function edgeSet(graph: ComponentGraph, all = false): EdgeSet {
  const set = new Uint8Array(graph.sources.length * graph.destinations.length);
  if (all) for (const { index } of edgesOf(graph)) set[index] = 1;
  return set;
}

/** How many edges are in a set. */
export function sizeOf(set: EdgeSet): number {
  return set.reduce((sum, one) => sum + one, 0);
}

/** One edge by its numbers. */
export interface Edge {
  readonly source: number;
  readonly destination: number;
  /** In an `EdgeSet`. */
  readonly index: number;
}

/** Every edge, by source and then by destination. */
export function edgesOf({ sources, destinations, reach }: ComponentGraph): Edge[] {
  return sources.flatMap((_, source) =>
    destinations.flatMap((_, destination) =>
      source < reach[destination]
        ? [{ source, destination, index: source * destinations.length + destination }]
        : [],
    ),
  );
}
