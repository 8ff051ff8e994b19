/** Published models by their sizes, each with all that a file of its family carries beside them, are described as they are. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { familyChecks } from "../test-support/family-checks.js";
import { familyOf } from "./index.js";

type Fields = Readonly<Record<string, unknown>>;

const file = new URL("published-models.json", import.meta.url);
const models: Readonly<Record<string, Readonly<Record<string, Fields>>>> = JSON.parse(
  readFileSync(file, "utf8"),
);

/** Lists with an entry for every layer, which are those of the family's small file. */
const byLayer = ["layer_types", "moe_layers", "no_rope_layers"];

function describeModel(modelType: string, fields: Fields) {
  const published = Object.entries(familyChecks.get(modelType)?.published ?? {});
  const common = Object.fromEntries(published.filter(([name]) => !byLayer.includes(name)));
  const json = { ...common, ...fields, model_type: modelType };
  const family = familyOf(json, "config.json");
  if ("describe" in family) return family.describe(json, "config.json");
  return family.headable?.(json, "config.json").config;
}

const cases = Object.entries(models).flatMap(([modelType, sizes]) =>
  Object.entries(sizes).map(([name, fields]) => [name, modelType, fields] as const),
);

describe("a published model", () => {
  it.each(cases)("%s (%s) has its sizes", (_, modelType, fields) => {
    const config = describeModel(modelType, fields);
    expect(config).toMatchObject({ vocab: fields.vocab_size, hidden: fields.hidden_size });
    const { layers } = config as { layers: number | readonly unknown[] };
    expect(typeof layers === "number" ? layers : layers.length).toBe(fields.num_hidden_layers);
    if (typeof layers === "number") return;
    const [{ attention }] = layers as { attention: { heads: number; kvHeads: number } }[];
    expect(attention.heads).toBe(fields.num_attention_heads);
    expect(attention.kvHeads).toBe(fields.num_key_value_heads ?? fields.num_attention_heads);
  });
});
