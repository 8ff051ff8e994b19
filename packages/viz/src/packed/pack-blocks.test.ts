/** Blocks in a page: read back as they were, whatever is in them. */
import { type AttentionBlock, section } from "@mlxterp/results";
import { expect, it } from "vitest";
import { attentionBlock, hostile, wordGrid } from "../test-support.js";
import { packBlocks, unpackBlocks } from "./pack-blocks.js";

it("round-trips blocks within sections, and holds nothing that ends a script", () => {
  const blocks = [section(hostile[0], wordGrid(hostile), section("deep", wordGrid(["</script>"])))];
  const text = packBlocks(blocks);
  expect(text).not.toMatch(/<|[^\P{Cc}\n]/u);
  expect(unpackBlocks(text)).toEqual(blocks);
});

it("keeps weights to five digits in two bytes each, and others bit for bit", () => {
  const [block] = unpackBlocks(packBlocks([attentionBlock(hostile)])) as AttentionBlock[];
  expect(block.patterns[1].weights[4 * 2]).toBeCloseTo(1 / 3, 4);
  const odd = Float32Array.of(-1.5, Number.NaN, 1e-30, 7);
  const wild = { ...attentionBlock(["a", "b"]), patterns: [{ layer: 0, head: 0, weights: odd }] };
  const [read] = unpackBlocks(packBlocks([wild])) as AttentionBlock[];
  expect(read.patterns[0].weights).toEqual(odd);
});
