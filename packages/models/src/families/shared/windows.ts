/** Which layers see only a window of the past, from config.json. */
import { z } from "zod";
import { size, withDefault } from "./config-json.js";
import { type Given, type Part, part, readGiven, shapeOf } from "./part.js";

/** `layer_types` of transformers 5, one entry a layer. */
export const layerTypes = z.array(z.enum(["full_attention", "sliding_attention"])).nullish();

type Window = Part<number | undefined>;

/** The same in every layer; `null`, in the file or as what counts without it, is none. */
export const slidingWindow = (width: number | null): Window =>
  part(
    () => ({ sliding_window: size.nullable().default(width) }),
    (config) => config.sliding_window ?? undefined,
  );

/** The layers that are listed as having a window; all but each `period`-th where the file lists none. */
export function windowedLayers(period: Given<number>): Part<boolean> {
  return part(
    () => ({ ...shapeOf([period]), layer_types: layerTypes }),
    (config, layer) => slides(config, layer, everyLayerBut(readGiven(period, config, layer))),
  );
}

/** In layers from some layer on, off unless it is asked for, as Qwen has it. */
export const windowOnRequest: Window = part(
  () => ({
    use_sliding_window: withDefault(z.boolean(), false),
    sliding_window: size.nullable().default(4096),
    max_window_layers: withDefault(z.int().nonnegative(), 28),
    layer_types: layerTypes,
  }),
  (config, layer) =>
    config.use_sliding_window
      ? windowOf(config, layer, () => layer >= config.max_window_layers)
      : undefined,
);

interface WindowFields {
  readonly layer_types?: readonly string[] | null;
  readonly sliding_window?: number | null;
}

/**
 * Whether a layer has the window.
 *
 * @param otherwise decides where the config does not list its layers
 */
function slides(
  { layer_types: types }: WindowFields,
  layer: number,
  otherwise: (layer: number) => boolean,
): boolean {
  return types ? types[layer] === "sliding_attention" : otherwise(layer);
}

/** The window of one layer. */
function windowOf(
  config: WindowFields,
  layer: number,
  otherwise: (layer: number) => boolean,
): number | undefined {
  const { sliding_window: window } = config;
  return window && slides(config, layer, otherwise) ? window : undefined;
}

/** Every layer but each `period`-th has a window, as in Gemma 2 and later and Command R7B. */
export const everyLayerBut = (period: number) => (layer: number) => (layer + 1) % period !== 0;
