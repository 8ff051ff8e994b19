/** What layers of Gemma 4 differ in: windows, the sizes of heads, whose keys they read. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { size, withDefault } from "../shared/config-json.js";
import { type CommonConfig, part } from "../shared/part.js";
import { layerTypes } from "../shared/windows.js";

/** Sizes of single layers, by their numbers, as transformers 5 writes them. */
const ownSizes = z.strictObject({
  head_dim: size.nullish(),
  num_key_value_heads: size.nullish(),
});

const fields = {
  layer_types: layerTypes,
  head_dim: withDefault(size, 256),
  num_key_value_heads: withDefault(size, 4),
  global_head_dim: withDefault(size, 512),
  num_global_key_value_heads: size.nullish(),
  per_layer_config: z.record(z.string(), ownSizes).nullish(),
  attention_k_eq_v: withDefault(z.boolean(), false),
  num_kv_shared_layers: withDefault(z.int().nonnegative(), 0),
};

type Fields = CommonConfig & z.output<z.ZodObject<typeof fields>>;

/** Every layer but each sixth where the file does not say, and never the last. */
const slidesIn = ({ layer_types: types, num_hidden_layers: count }: Fields, layer: number) =>
  layer < count - 1 && (types ? types[layer] === "sliding_attention" : (layer + 1) % 6 !== 0);

const sizesIn = (config: Fields, layer: number) => {
  const own = config.per_layer_config?.[layer];
  const wide = !config.per_layer_config && !slidesIn(config, layer);
  const given = config.attention_k_eq_v ? config.num_global_key_value_heads : undefined;
  return {
    headDim: own?.head_dim ?? (wide ? config.global_head_dim : config.head_dim),
    kvHeads: own?.num_key_value_heads ?? ((wide && given) || config.num_key_value_heads),
  };
};

const sharesIn = (
  { num_hidden_layers: count, num_kv_shared_layers: sharing }: Fields,
  layer: number,
) => layer >= count - sharing;

/** The last layer of the same kind that has keys of its own. */
function sourceOf(config: Fields, layer: number): number | undefined {
  const first = config.num_hidden_layers - config.num_kv_shared_layers;
  const own = Array.from({ length: Math.max(first, 0) }, (_, index) => index);
  return own.findLast((earlier) => slidesIn(config, earlier) === slidesIn(config, layer));
}

const shape = () => fields;

export const slides = part(shape, slidesIn);
export const headDim = part(shape, (config, layer) => sizesIn(config, layer).headDim);
export const kvHeads = part(shape, (config, layer) => sizesIn(config, layer).kvHeads);
export const shares = part(shape, sharesIn);
export const keysOf = part(shape, (config, layer) =>
  sharesIn(config, layer) ? sourceOf(config, layer) : undefined,
);
/** In layers without a window, of those that have keys at all. */
export const valuesFromKeys = part(shape, (config, layer) => {
  const { attention_k_eq_v: same } = config;
  return (same && !slidesIn(config, layer) && !sharesIn(config, layer)) || undefined;
});

/** Complains of layers that nothing could be computed for, or that `transformers` takes in more than one way. */
export const fittingKinds = part(shape, (config) => (file: string) => {
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => layer);
  const unknown = Object.keys(config.per_layer_config ?? {}).find((key) => !layers.includes(Number(key))); // biome-ignore format: one call
  if (unknown !== undefined) {
    const rule = `"${unknown}" is no layer of ${layers.length}.`;
    throw new UnsupportedConfigError("per_layer_config", config.per_layer_config, file, rule);
  }
  for (const layer of layers) {
    const { headDim: width, kvHeads: heads } = sizesIn(config, layer);
    const alike = layers.find((other) => slidesIn(config, other) === slidesIn(config, layer))!; // itself at least
    const first = sizesIn(config, alike);
    if (width !== first.headDim || heads !== first.kvHeads) {
      const rule = `Layers ${alike} and ${layer} are of one kind: they need heads of one size and number.`;
      throw new UnsupportedConfigError("per_layer_config", config.per_layer_config, file, rule);
    }
    if (config.num_attention_heads % heads !== 0) {
      const rule = `It must divide num_attention_heads = ${config.num_attention_heads} in layer ${layer}.`;
      throw new UnsupportedConfigError("num_key_value_heads", heads, file, rule);
    }
    if (!sharesIn(config, layer) || sourceOf(config, layer) !== undefined) continue;
    const rule = `No layer of the kind of layer ${layer} has keys of its own to share.`;
    throw new UnsupportedConfigError(
      "num_kv_shared_layers",
      config.num_kv_shared_layers,
      file,
      rule,
    );
  }
});
