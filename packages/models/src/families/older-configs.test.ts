/** Configs of published checkpoints: the older spelling of each family, and what no family may ignore. */
import { describe, expect, it } from "vitest";
import { checkDecoderConfig } from "../decoder/config/config-rules.js";
import { UnsupportedConfigError } from "../errors.js";
import { familyChecks } from "../test-support/family-checks.js";
import { families } from "./index.js";
import type { Family } from "./shared/family.js";

function family(modelType: string): Family {
  const found = families.find((candidate) => candidate.modelType === modelType);
  if (!found || "build" in found) throw new RangeError(`${modelType} is no family of decoders.`);
  return found;
}
const describeAs = (modelType: string, json: object) =>
  family(modelType).describe(json, "config.json");

/** The same of families that make their modules themselves. */
function open(modelType: string, json: object): unknown {
  const found = families.find((candidate) => candidate.modelType === modelType);
  if (!found || !("build" in found)) return describeAs(modelType, json);
  return found.build(json, "config.json");
}

describe("a family's config", () => {
  for (const [modelType, { sizes, same = [] }] of familyChecks) {
    it.each(same)(
      `means the same in transformers 5 and before: ${modelType} %#`,
      (newer, older) => {
        const before = describeAs(modelType, { ...sizes, ...older });
        expect(describeAs(modelType, { ...sizes, ...newer })).toEqual(before);
        expect(checkDecoderConfig(before)).toEqual(before);
      },
    );
  }

  it("may list the layers of GPT-Neo or repeat their kinds", () => {
    const json = { vocab_size: 19, hidden_size: 32, num_layers: 4, num_heads: 4, window_size: 8 };
    const listed = { attention_layers: ["global", "global", "local", "local"] };
    const repeated = {
      attention_types: [
        [["global"], 2],
        [["local"], 2],
      ],
    };
    const windows = describeAs("gpt_neo", { ...json, ...repeated }).layers.map(
      ({ attention }) => attention.window,
    );
    expect(windows).toEqual([undefined, undefined, 8, 8]);
    expect(describeAs("gpt_neo", { ...json, ...listed, ...repeated })).toEqual(
      describeAs("gpt_neo", { ...json, ...listed }),
    );
  });

  it("distinguishes Falcon's generations", () => {
    const layer = (change: object) =>
      describeAs("falcon", { ...familyChecks.get("falcon")?.sizes, ...change }).layers[0];
    expect(layer({})).toMatchObject({ parallel: true, attention: { kvHeads: 1 } });
    expect(layer({})).not.toHaveProperty("postAttentionNorm");
    const newer = layer({ new_decoder_architecture: true, num_kv_heads: 2 });
    expect(newer).toMatchObject({ parallel: true, attention: { kvHeads: 2 } });
    expect(newer).toHaveProperty("postAttentionNorm");
    const older = layer({ alibi: true, multi_query: false, parallel_attn: false });
    expect(older).toMatchObject({ parallel: false, attention: { kvHeads: 4 } });
    expect(older.attention).toMatchObject({ alibi: { factor: 8 ** -0.5, rounded: true } });
  });
});

describe("what is not implemented", () => {
  for (const [modelType, { sizes, refused = {} }] of familyChecks) {
    it.each(Object.entries(refused))(`is refused by name in ${modelType}: %s`, (field, value) => {
      const describeIt = () => open(modelType, { ...sizes, [field]: value });
      expect(describeIt).toThrow(UnsupportedConfigError);
      expect(describeIt).toThrow(`config.json: ${field}`);
    });
  }
});
