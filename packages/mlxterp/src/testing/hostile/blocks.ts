/** One block of each kind. */
import type { Block, GridBlock } from "@mlxterp/results";

export const grid: GridBlock = {
  ...{ kind: "grid", title: "Effect", rowTitle: "layer", columnTitle: "head", legend: "logits" },
  ...{ rows: ["0", "1"], columns: ["0"], values: [[1], [null]] },
  scale: { kind: "diverging", domain: [-1, 1], pivot: 0 },
};
export const bars: Block = { kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "a", value: 2 }] }; // biome-ignore format: one block
export const attention: Block = { kind: "attention", pieces: ["a", "b"], causal: true, patterns: [{ layer: 0, head: 1, weights: Float32Array.of(1, 0, 0.5, 0.5) }] }; // biome-ignore format: one block
export const graph: Block = { kind: "graph", title: "C", nodes: [{ id: "a", label: "a", rank: 0 }, { id: "b", label: "b", rank: 1 }], edges: [{ from: "a", to: "b", weight: 1 }] }; // biome-ignore format: one block
export const strip: Block = { kind: "tokens", label: "Fed", pieces: ["a", "b"], values: [1, 2] };
