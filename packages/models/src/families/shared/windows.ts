/** Which layers see only a window of the past, from config.json. */
import { z } from "zod";
import { size, withDefault } from "./config-json.js";

/** `layer_types` of transformers 5, one entry a layer. */
export const layerTypes = z.array(z.enum(["full_attention", "sliding_attention"])).nullish();

/** Windows of layers from some layer on, off unless they are asked for, as Qwen has them. */
export const optionalWindowFields = {
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: size.nullable().default(4096),
  max_window_layers: withDefault(z.int().nonnegative(), 28),
  layer_types: layerTypes,
};

/** The window of one layer in a config with `optionalWindowFields`. */
export function optionalWindow(
  config: z.output<z.ZodObject<typeof optionalWindowFields>>,
  layer: number,
): { window?: number } {
  const { use_sliding_window: used, max_window_layers: first } = config;
  const window = used ? config.sliding_window : null;
  return windowOf({ ...config, sliding_window: window }, layer, () => layer >= first);
}

interface WindowFields {
  readonly layer_types?: readonly string[] | null;
  readonly sliding_window?: number | null;
}

/**
 * Whether a layer has the window.
 *
 * @param otherwise decides where the config does not list its layers
 */
export function slides(
  { layer_types: types }: WindowFields,
  layer: number,
  otherwise: (layer: number) => boolean,
): boolean {
  return types ? types[layer] === "sliding_attention" : otherwise(layer);
}

/** The window of one layer; by default every layer has it. */
export function windowOf(
  config: WindowFields,
  layer: number,
  otherwise: (layer: number) => boolean = () => true,
): { window?: number } {
  const { sliding_window: window } = config;
  return window && slides(config, layer, otherwise) ? { window } : {};
}

/** Every layer but each `period`-th has a window, as in Gemma 2 and later and Command R7B. */
export const everyLayerBut = (period: number) => (layer: number) => (layer + 1) % period !== 0;
