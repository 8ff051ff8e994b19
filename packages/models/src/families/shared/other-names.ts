/** Fields that config.json may have under another name. */
import { UnsupportedConfigError } from "../../errors.js";

/** GPT-2's own names, by the common ones. */
export const gptNames = {
  hidden_size: "n_embd",
  max_position_embeddings: "n_positions",
  num_attention_heads: "n_head",
  num_hidden_layers: "n_layer",
};

/**
 * The same file with its other names for fields translated.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) where two names of one field disagree
 */
export function otherNames(
  json: unknown,
  names: Readonly<Record<string, string>>,
  file: string,
): unknown {
  const translated: Record<string, unknown> = { ...(json ?? {}) };
  for (const [name, ours] of Object.entries(names)) {
    const value = translated[name];
    if (value === undefined || value === null) continue;
    refuseContradiction(name, value, ours, translated[ours] ?? value, file);
    translated[ours] = value;
    delete translated[name]; // nothing is left that the family does not know
  }
  return translated;
}

/** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) where two fields that mean the same disagree */
export function refuseContradiction(
  field: string,
  value: unknown,
  other: string,
  expected: unknown,
  file: string,
): void {
  if (value === undefined || value === null || value === expected) return;
  const rule = `It contradicts ${other} = ${JSON.stringify(expected)}.`;
  throw new UnsupportedConfigError(field, value, file, rule);
}
