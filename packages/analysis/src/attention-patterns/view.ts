/** Attention patterns as blocks: pictures head by head, and where the last token looks. */
import {
  type Block,
  fedBlocks,
  formatCell,
  noteBlocks,
  readsResult,
  section,
  visibleToken,
} from "@mlxterp/results";
import {
  type AttentionResult,
  attentionShape,
  type HeadPattern,
  headPatterns,
  isCausal,
} from "./result.js";

export const attentionView = readsResult(attentionShape, (result: AttentionResult): Block[] => {
  const patterns = headPatterns(result);
  const causal = isCausal(result);
  const { pieces } = result.fed[0];
  const labels = pieces.map(visibleToken);
  // An encoder's last token is a mark; every token has something to say there.
  const queries = causal ? [labels.length - 1] : labels.map((_, query) => query);
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    { kind: "attention", pieces, causal, patterns },
    section("Heads", {
      kind: "table",
      columns: [
        { title: "head" },
        ...queries.map((query) => ({ title: `${labels[query]} looks at` })),
      ],
      rows: patterns.map((pattern) => [
        `${pattern.layer}.${pattern.head}`,
        ...queries.map((query) => looksAt(pattern, labels, query, causal ? 3 : 1)),
      ]),
      unit: "tokens",
      widest: 50,
    }),
  ];
});

/** The keys with the largest weights for a query. */
function looksAt(
  { weights }: HeadPattern,
  labels: readonly string[],
  query: number,
  most: number,
): string {
  const size = labels.length;
  return [...weights.subarray(query * size, (query + 1) * size)]
    .map((weight, key) => ({ weight, key }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, most)
    .map(({ weight, key }) => `${labels[key]} (${key}) ${formatCell(weight)}`)
    .join(", ");
}
