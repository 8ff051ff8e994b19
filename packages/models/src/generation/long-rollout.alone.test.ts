/** Memory of a long rollout: the cache and what is kept, and nothing of the steps that are over. */
import { describe, expect, it } from "vitest";
import type { DecoderConfig } from "../decoder/config/config.js";
import { smallConfig } from "../test-support/checkpoints.js";
import { smallModel } from "../test-support/models.js";

const megabyte = 2 ** 20;

/** Keys and values of 512 positions take 4 MB: a step that left them behind would be seen. */
function wideConfig(): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  const [layer] = layers;
  const attention = { ...layer.attention, heads: 8, kvHeads: 8, headDim: 64 };
  const rope = { dims: 64, base: 10_000, interleaved: false };
  const wide = { ...layer, attention: { ...attention, rope } };
  return { ...rest, maxPositions: 512, layers: [wide, wide] };
}

describe("a long rollout", () => {
  it("takes as much memory after 480 steps as after 160, but for what it keeps", async () => {
    const model = smallModel(wideConfig());
    const resident: number[] = [];
    const until = () => {
      resident.push(process.memoryUsage.rss());
      return false;
    };
    const rollout = await model.rollout([1, 2, 3], { save: "layers.*", maxTokens: 480, until });
    expect(rollout.tokens).toHaveLength(480);
    const highest = (from: number, to: number) => Math.max(...resident.slice(from, to));
    // Each step's keys and values, were they kept, would be 320 steps of 4 MB more
    expect(highest(320, 480) - highest(120, 160)).toBeLessThan(64 * megabyte);
  });
});
