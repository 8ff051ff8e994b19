/** The menu of @mlxterp/models. */

export { KeyValueCache } from "./decoder/cache.js";
export type { DecoderConfig } from "./decoder/config.js";
export { Decoder, type DecoderPassOptions } from "./decoder/decoder.js";
export { type InitializeOptions, initializeWeights } from "./decoder/initialize.js";
