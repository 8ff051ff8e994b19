/** What the fields of a decoder's description must satisfy together. */
import { z } from "zod";
import { InvalidDecoderConfigError } from "../../errors.js";
import {
  type AttentionConfig,
  type DecoderConfig,
  decoderSchema,
  type LatentConfig,
  type LayerConfig,
  type MlpConfig,
} from "./config.js";
import { brokenExpertsRule } from "./experts-config.js";

/** The first rule that is broken. */
function brokenRule(config: DecoderConfig): string | undefined {
  if (config.learnedPositions && config.maxPositions === undefined) {
    return "learnedPositions needs maxPositions";
  }
  if (config.positionOffset && !config.learnedPositions) {
    return "positionOffset needs learnedPositions";
  }
  if (config.embeddingWidth && config.embeddingScale !== undefined) {
    return "embeddingWidth and embeddingScale exclude each other";
  }
  for (const [index, layer] of config.layers.entries()) {
    const { attention, mlp } = layer;
    const brokenNorms = brokenNormRule(layer);
    if (brokenNorms) return `layers.${index}${brokenNorms}`;
    const broken = brokenAttentionRule(attention);
    if (broken) return `layers.${index}.attention${broken}`;
    const brokenMlp = brokenMlpRule(mlp);
    if (brokenMlp) return `layers.${index}.mlp${brokenMlp}`;
    const brokenLayer = brokenSharingRule(config, index) ?? brokenThirdWriteRule(config, layer);
    if (brokenLayer) return `layers.${index}${brokenLayer}`;
  }
  return undefined;
}

/** Keys are read as they are held, so both layers must see the same ones. */
function brokenSharingRule({ layers }: DecoderConfig, index: number): string | undefined {
  const { attention } = layers[index];
  const { keysOf, latent } = attention;
  if (keysOf === undefined) return undefined;
  const source = layers[keysOf]?.attention;
  if (keysOf >= index || !source || source.keysOf !== undefined || source.latent || latent) {
    return `.attention.keysOf: ${keysOf} is no earlier layer with keys of its own`;
  }
  const alike = (["kvHeads", "headDim", "window", "chunk"] as const).every(
    (name) => source[name] === attention[name],
  );
  if (alike) return undefined;
  return `.attention.keysOf: layers.${keysOf} has other kvHeads, headDim, window or chunk`;
}

function brokenThirdWriteRule(
  { perLayer }: DecoderConfig,
  { embeddingWrite, learnedScale, outputNorm, addsToNormalized }: LayerConfig,
): string | undefined {
  if (embeddingWrite && embeddingWrite.width !== perLayer?.width) {
    return `.embeddingWrite: needs perLayer of width ${embeddingWrite.width}`;
  }
  if (!embeddingWrite && !learnedScale) return undefined;
  if (!outputNorm && !addsToNormalized) return undefined;
  return ": embeddingWrite and learnedScale exclude outputNorm and addsToNormalized";
}

function brokenNormRule(layer: LayerConfig): string | undefined {
  const { outputNorm, inputNorm, postAttentionNorm, parallel, addsToNormalized } = layer;
  if (addsToNormalized && (!inputNorm || !postAttentionNorm || parallel || outputNorm)) {
    return ".addsToNormalized: needs inputNorm and postAttentionNorm and excludes parallel and outputNorm";
  }
  if (!outputNorm) return undefined;
  if (postAttentionNorm && !inputNorm && !parallel) return undefined;
  return ".outputNorm: needs postAttentionNorm and excludes inputNorm and parallel";
}

function brokenAttentionRule(attention: AttentionConfig): string | undefined {
  const { heads, kvHeads, headDim, rope, postNorm, outputScale, latent } = attention;
  if (heads % kvHeads !== 0) {
    return `: ${heads} heads cannot share ${kvHeads} key/value heads evenly`;
  }
  if (attention.queryKeyNorm?.afterRotation && attention.queryKeyNorm.over === "width") {
    return ".queryKeyNorm: heads are turned one by one, so afterRotation excludes over = width";
  }
  // The heads' results carry the scale, and end before the norm.
  if (postNorm && outputScale !== undefined) return ": postNorm and outputScale exclude each other";
  if (latent) {
    const broken = brokenLatentRule(attention, latent);
    if (broken) return broken;
  }
  if (!rope) return undefined;
  const turning = latent?.rotaryDim ?? headDim;
  if (rope.dims % 2 !== 0 || rope.dims > turning) {
    const limit = latent ? "latent.rotaryDim" : "headDim";
    return `.rope.dims: ${rope.dims} must be even and at most ${limit} = ${turning}`;
  }
  if (rope.scaling?.kind !== "longrope") return undefined;
  const { shortFactors, longFactors } = rope.scaling;
  if (shortFactors.length === rope.dims / 2 && longFactors.length === rope.dims / 2) return;
  return `.rope.scaling: longrope needs ${rope.dims / 2} factors, one for each pair`;
}

function brokenLatentRule(attention: AttentionConfig, latent: LatentConfig): string | undefined {
  const { heads, kvHeads, headDim, queryKeyNorm, clip, alibi, sinks } = attention;
  if (kvHeads !== heads) return `.kvHeads: latent attention has ${heads}, as many as heads`;
  if (latent.rotaryDim >= headDim) {
    return `.latent.rotaryDim: ${latent.rotaryDim} must be less than headDim = ${headDim}`;
  }
  if (queryKeyNorm || clip || alibi || sinks) {
    return ".latent: excludes queryKeyNorm, clip, alibi and sinks";
  }
  return undefined;
}

function brokenMlpRule({ experts, gated, activation }: MlpConfig): string | undefined {
  if (!experts) return undefined;
  if (activation === "xielu") return ": experts have no xielu, whose shape each MLP learns";
  if (!gated) return ": experts need gated MLPs";
  const broken = brokenExpertsRule(experts);
  return broken && `.experts${broken}`;
}

/**
 * Checks a description completely; an unknown field is an error, never ignored.
 *
 * @throws InvalidDecoderConfigError (`INVALID_DECODER_CONFIG`)
 */
export function checkDecoderConfig(value: unknown): DecoderConfig {
  const parsed = decoderSchema.safeParse(value);
  if (!parsed.success) throw new InvalidDecoderConfigError(z.prettifyError(parsed.error));
  const broken = brokenRule(parsed.data);
  if (broken) throw new InvalidDecoderConfigError(broken);
  return parsed.data;
}
