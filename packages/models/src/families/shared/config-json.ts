/** Parts of config.json that many families share, and the checks of a whole one. */
import { z } from "zod";
import type { PlainActivationName } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import { refuseChangedDefaults } from "./changed-defaults.js";
import { withClassSizes } from "./class-sizes.js";
import { isHarmless } from "./inert-fields.js";

/** Hugging Face's names of nonlinearities. */
const activationsByName = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu_fast: "geluTanh",
  gelu_accurate: "geluTanh",
  gelu_python_tanh: "geluTanh",
  quick_gelu: "geluQuick",
  relu: "relu",
  relu2: "reluSquared",
  silu: "silu",
  swish: "silu",
} as const satisfies Record<string, PlainActivationName>;

const names = Object.keys(activationsByName) as (keyof typeof activationsByName)[];

/** A nonlinearity by its Hugging Face name. */
export const activation = z
  .enum(names)
  .transform((name): PlainActivationName => activationsByName[name]);

/** A field that may be absent or null, with the value it then has. */
export const withDefault = <T extends z.ZodType>(type: T, value: z.output<T>) =>
  type.nullish().transform((given) => given ?? value);

/** A switch that is on unless the file turns it off; null does, as in Python. */
export const onByDefault = z
  .boolean()
  .nullable()
  .default(true)
  .transform((given) => given ?? false);

export const size = z.int().positive();

/** A field that files carry and the family's own code does not read, whatever it says. */
export const unread = z.unknown().optional();

/** A switch that the family has no other side of. */
export const always = <T extends string | number | boolean>(value: T) => z.literal(value).nullish();

const unknownField =
  "This family does not implement it. If it does not change what the model computes, take it out of the file.";

/**
 * Checks a whole config.json against a family's schema. Every field is read by the schema, or known to change nothing,
 * or unset: what nobody has thought about may change the computation, and is refused.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first field at fault
 */
export function readConfig<T extends z.ZodObject>(
  schema: T,
  json: unknown,
  file: string,
): z.output<T> {
  if (typeof json !== "object" || json === null) return readFields(schema, json, file); // which says so
  refuseChangedDefaults(json as Readonly<Record<string, unknown>>, file);
  const whole = withClassSizes(json, schema.shape);
  const config = readFields(schema, whole, file);
  for (const [field, value] of Object.entries(json)) {
    if (field in schema.shape || isHarmless(field, value)) continue;
    throw new UnsupportedConfigError(field, value, file, unknownField);
  }
  requireEveryLayer(whole, file);
  return config;
}

/** Lists with an entry for every layer. */
const byLayer = ["layer_types", "no_rope_layers", "attention_layers"];
const mayBeEmpty: readonly string[] = ["no_rope_layers"];

function requireEveryLayer(json: unknown, file: string): void {
  const count = at(json, ["num_hidden_layers"]) ?? at(json, ["num_layers"]);
  for (const field of byLayer) {
    const value = at(json, [field]);
    if (!Array.isArray(value) || count === undefined || value.length === count) continue;
    if (value.length === 0 && mayBeEmpty.includes(field)) continue; // says nothing, where a family takes it
    throw new UnsupportedConfigError(field, value, file, `It needs ${count} entries, one a layer.`);
  }
}

function readFields<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue.path.join(".") || "the file";
  throw new UnsupportedConfigError(field, valueAt(json, issue.path), file, `${issue.message}.`);
}

/** The kind of a rotation may stand under its older name. */
function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  if (path.at(-1) !== "rope_type") return at(json, path);
  return at(json, path) ?? at(json, [...path.slice(0, -1), "type"]);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined | null)?.[key],
    value,
  );
}

const endTokens = z.object({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/** The ids that end a text, from a `config.json` or `generation_config.json`; none if it names none. */
export function readEndTokens(json: unknown, file: string): readonly number[] {
  const { eos_token_id: ids } = readFields(endTokens, json, file);
  return ids === undefined || ids === null ? [] : [ids].flat();
}
