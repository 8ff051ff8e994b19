/** Right values of every kind, for functions whose arguments nobody wrote down. */
import { mx } from "@mlxterp/mlx";
import type { Block } from "@mlxterp/results";
import type { Bench } from "./bench.js";
import type { Random } from "./random.js";
import { hostileValue } from "./values.js";

const blocks: readonly Block[] = [
  { kind: "text", text: "Mary" },
  { kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "head 1.0", value: 2 }] },
  {
    ...{ kind: "grid", title: "Effect", rowTitle: "layer", columnTitle: "head", legend: "logits" },
    ...{ rows: ["0", "1"], columns: ["0"], values: [[1], [null]] },
    scale: { kind: "diverging", domain: [-1, 1], pivot: 0 },
  },
  {
    ...{ kind: "graph", title: "Circuit", edges: [{ from: "a", to: "b", weight: 1 }] },
    nodes: [{ id: "a", label: "a", rank: 0 }, { id: "b", label: "b", rank: 1 }], // biome-ignore format: one list
  },
];

/** Any of them, or a hostile one in one of four places. */
export function freely(bench: Bench, random: Random, places: number): unknown[] {
  const { model, tokenizer, prompt, cache, store } = bench;
  const known = [
    ...[model, model, tokenizer, prompt, prompt, cache, store, {}, [], undefined, "layers.0"],
    ...[0, 1, 3, true, [1, 2], [0.5, 1], [prompt, prompt], Float32Array.of(1, 2), "tiny", "json"],
    ...[mx.ones([2, 3]), mx.ones([2]), () => 1, { answer: "Mary" }, blocks, ...blocks],
  ];
  const count = Math.max(1, places) + random.below(2);
  return Array.from({ length: count }, () =>
    random.below(4) === 0 ? hostileValue(random, bench.ended) : random.pick(known),
  );
}
