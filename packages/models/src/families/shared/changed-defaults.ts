/** Fields that are something else in newer versions of `transformers` than in older ones, where a file leaves them out. */
import { UnsupportedConfigError } from "../../errors.js";

type Fields = Readonly<Record<string, unknown>>;

/** By family and field: what `transformers` 4 has, and what 5 has. */
const changed: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  cohere: { rope_theta: [10_000, 500_000] },
  deepseek_v2: { vocab_size: [32_000, 102_400] },
  falcon_h1: { rope_theta: [100_000, 10_000] },
  olmo3: { rope_theta: [10_000, 500_000] },
  persimmon: { rope_theta: [25_000, 10_000] },
};

/**
 * A file that an older version wrote was trained with that version's value, and is read with another one now.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function refuseChangedDefaults(json: Fields, file: string): void {
  const { model_type: modelType, transformers_version: version } = json;
  if (typeof version !== "string" || !/^[0-4]\./.test(version)) return;
  if (typeof modelType !== "string" || !Object.hasOwn(changed, modelType)) return;
  for (const [field, [older, newer]] of Object.entries(changed[modelType])) {
    const said = json[field] ?? (field === "rope_theta" ? json.rope_parameters : undefined);
    if (said !== undefined && said !== null) continue;
    const rule = `transformers ${version}, which wrote the file, has ${older} then, and transformers 5 has ${newer}: write into the file which it is.`;
    throw new UnsupportedConfigError(field, undefined, file, rule);
  }
}
