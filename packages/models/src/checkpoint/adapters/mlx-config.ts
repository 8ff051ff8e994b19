/** The adapter_config.json of mlx-lm, which holds all settings of the training. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import type { AdapterConfig } from "./adapter-config.js";

const schema = z.object({
  fine_tune_type: z.enum(["lora", "dora", "full"]).nullish(),
  model: z.unknown().optional(),
  lora_parameters: z.object({ scale: z.number() }).nullish(),
});

/**
 * @returns undefined for one of another library
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function readMlxConfig(json: unknown, file: string): AdapterConfig | undefined {
  if (typeof json !== "object" || json === null || "peft_type" in json) return undefined;
  if (!("fine_tune_type" in json) && !("lora_parameters" in json)) return undefined;
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const [field] = path;
    const value = (json as Readonly<Record<PropertyKey, unknown>>)[field];
    throw new UnsupportedConfigError(path.join("."), value, file, `${message}.`);
  }
  const { fine_tune_type: type, lora_parameters: parameters, model } = parsed.data;
  if (type !== "full" && !parameters) {
    throw new UnsupportedConfigError("lora_parameters", parameters, file, "It must hold a scale.");
  }
  const scale = parameters?.scale ?? 1;
  return {
    layout: "mlx",
    base: typeof model === "string" ? model.slice(0, 200) : undefined,
    scaleOf: () => scale,
  };
}
