/** Attention patterns on a terminal: few are drawn, many are left to the page. */
import { type AttentionBlock, visibleToken } from "@mlxterp/results";
import { paint, type Screen } from "../terminal/screen.js";
import { wrap } from "../terminal/text.js";
import { renderHeatMap } from "./heat-map.js";
import { styleOf } from "./tones.js";

/** More than these are a wall of characters. */
const most = 8;

export function renderAttention(
  { pieces, patterns, causal }: AttentionBlock,
  screen: Screen,
): string {
  if (patterns.length > most) {
    const note = `${patterns.length} patterns: choose layers or heads to draw them here; --out draws all.`;
    return paint(screen, styleOf("quiet"), wrap(note, screen.width));
  }
  const labels = pieces.map(visibleToken);
  const size = labels.length;
  return patterns
    .map(({ layer, head, weights }) => {
      const values = labels.map((_, query) => [
        ...weights.subarray(query * size, query * size + (causal ? query + 1 : size)),
      ]);
      const title = paint(screen, ["bold", "underline"], `Layer ${layer}, head ${head}`);
      return `${title}\n\n${renderHeatMap({ labels, values }, screen)}`;
    })
    .join("\n\n");
}
