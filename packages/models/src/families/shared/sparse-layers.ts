/** Which layers of Qwen have experts, from config.json. */
import { z } from "zod";
import { size, withDefault } from "./config-json.js";
import { part } from "./part.js";

/** Each `decoder_sparse_step`-th, but for those that are listed as dense. */
export const sparseLayers = part(
  () => ({
    decoder_sparse_step: withDefault(size, 1),
    mlp_only_layers: withDefault(z.array(z.int().nonnegative()), []),
  }),
  ({ mlp_only_layers: dense, decoder_sparse_step: step }, layer) =>
    !dense.includes(layer) && (layer + 1) % step === 0,
);
