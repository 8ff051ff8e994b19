/**
 * What modules of language models are usually called, for modules that nobody described. Nothing else in this package knows a
 * module by its name: what models say of theirs is read off their trees.
 */

export const layerLists = ["layers", "model.layers", "h", "transformer.h", "blocks"];
export const embeddings = ["embedTokens", "model.embedTokens", "wte", "transformer.wte", "embedding"]; // biome-ignore format: one for each
export const norms = ["finalNorm", "norm", "model.norm", "lnF", "transformer.lnF"];
export const heads = ["lmHead", "head", "unembed"];

/** The residual stream after every layer. */
export const everyLayer = "layers.*";
