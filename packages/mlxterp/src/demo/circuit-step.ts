/** Step 6: which few connections are enough, and whether attribution and patching agree. */
import type { LanguageModel } from "@mlxterp/models";
import { type Block, formatPercent } from "@mlxterp/results";
import { onPage, paragraph, table } from "../cli/blocks/blocks.js";
import type { Step } from "./step.js";

/** What the strongest tenth of all edges keeps, over several sentences with other names. */
export interface Circuit {
  readonly pairs: number;
  /** Of the ranks of heads, MLPs and attention by attribution and by patching. */
  readonly agreement: number;
  readonly edges: number;
  readonly allEdges: number;
  readonly faithfulness: number;
  /** The most that any of 20 random circuits of this size keeps. */
  readonly chance: number;
  readonly strongest: readonly {
    readonly source: string;
    readonly destination: string;
    readonly score: number;
  }[];
}

const kinds = ["attention", "mlp", "head"] as const;
const share = 0.1;

export async function circuitStep(
  model: LanguageModel,
  signal: AbortSignal,
): Promise<Step<Circuit>> {
  const { builtInTask, edgeGraph, faithfulnessLines, findCircuit } = await import(
    "@mlxterp/analysis"
  );
  const { pairs, question } = builtInTask(model, "ioi", { size: 4, seed: 0 });
  const sizes = { fractions: [0, 0.02, 0.05, share], keep: share, random: 20, minimality: 0, completeness: 0 }; // biome-ignore format: one object
  const found = await findCircuit(model, pairs, { ...question, ...sizes, signal });
  const kept = found.tables.sizes.rows.find(({ fraction }) => fraction === share)!; // it was asked for
  const data: Circuit = {
    pairs: pairs.clean.length,
    agreement: await agreementOf(model, signal),
    edges: kept.edges,
    allEdges: found.tables.summary.rows[0].allEdges,
    faithfulness: kept.faithfulness,
    chance: kept.randomMost!, // 20 were drawn
    strongest: found.tables.edges.rows.slice(0, 8),
  };
  return {
    name: "circuit",
    title: "Which few connections are enough?",
    data,
    provenance: [found.provenance],
    blocks: [...circuitBlocks(data), onPage(faithfulnessLines(found)), onPage(edgeGraph("The circuit", found.tables.edges.rows))], // biome-ignore format: one list
  };
}

/** Of what attribution and patching say of every head, MLP and attention. */
async function agreementOf(model: LanguageModel, signal: AbortSignal): Promise<number> {
  const { activationPatching, attributionPatching, builtInTask, rankCorrelation } = await import("@mlxterp/analysis"); // biome-ignore format: one list
  const { pairs, question } = builtInTask(model, "ioi", { size: 6, seed: 0 });
  const parts = { ...question, kinds, positions: "all", signal } as const;
  const patched = await activationPatching(model, pairs, parts);
  const estimated = await attributionPatching(model, pairs, parts);
  const [first, second] = [patched, estimated].map(
    ({ grids }) => kinds.flatMap((kind) => [...grids[kind]!.values]), // they were asked for
  );
  return rankCorrelation(first, second);
}

function circuitBlocks(data: Circuit): Block[] {
  const { pairs, agreement, edges, allEdges, faithfulness, chance, strongest } = data;
  return [
    paragraph(
      `${pairs} sentences with other names: the strongest ${edges} of ${allEdges} connections keep ${formatPercent(faithfulness)} of the lead while all others carry the corrupted sentence; the best of 20 random circuits keeps ${formatPercent(chance)}. Attribution and patching rank the parts alike (ρ ${agreement.toFixed(2)}).`,
    ),
    table({
      columns: [{ title: "from" }, { title: "to" }, { title: "worth, in logits", align: "right" }],
      rows: strongest.map(({ source, destination, score }) => [
        source,
        destination,
        score.toFixed(2),
      ]),
    }),
  ];
}
