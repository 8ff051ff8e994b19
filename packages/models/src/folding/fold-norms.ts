/** Moves the weight and bias of every norm that reads the residual stream into the projections that read the norm. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { DecoderConfig, LayerConfig, NormConfig } from "../decoder/config/config.js";
import { UnsupportedFoldError } from "../errors.js";
import { mlpNorm } from "./folded-config.js";

/** Parameters by path, exchanged in place. */
export type Parameters = Map<string, MxArray>;

export const attentionReaders = ["qProj", "kProj", "vProj"];
const latentReaders = ["kvDownProj", "kRopeProj"];
export const mlpReaders = ["gateProj", "upProj"];
export const expertReaders = [
  ...mlpReaders,
  "router",
  "sharedGate",
  ...mlpReaders.map((name) => `sharedExpert.${name}`),
];

/**
 * `W·(n ⊙ w + b) = (W ⊙ w)·n + W·b`, for each norm and each matrix W that reads it. Norms of queries, keys and writes
 * stay as they are: no matrix reads the residual stream through them.
 * Source: TransformerLens, `fold_ln`.
 *
 * @param config of the decoder the parameters came from
 * @param readersOfLast of the norm behind all layers
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`)
 */
export function foldNorms(
  parameters: Parameters,
  config: DecoderConfig,
  readersOfLast: readonly string[] = ["lmHead"],
): void {
  checkFoldable(config);
  config.layers.forEach((layer, index) => {
    for (const norm of ["inputNorm", "postAttentionNorm"] as const) {
      const described = layer[norm];
      if (!described) continue;
      const path = `layers.${index}`;
      const readers = readersOf(layer, norm).map((reader) => `${path}.${reader}`);
      foldNorm(parameters, `${path}.${norm}`, described, readers);
    }
    foldOwnNorms(parameters, layer, `layers.${index}.mlp`);
  });
  if (config.finalNorm) foldNorm(parameters, "finalNorm", config.finalNorm, readersOfLast);
}

/** Those through which the experts of a mixture and its router read the stream by themselves. */
function foldOwnNorms(parameters: Parameters, { mlp }: LayerConfig, path: string): void {
  const own = mlp.experts?.ownNorms;
  if (!own) return;
  const experts = mlpReaders.map((name) => `${path}.${name}`);
  foldNorm(parameters, `${path}.expertsNorm`, own, experts);
  foldNorm(parameters, `${path}.routerNorm`, own, [`${path}.router`]);
}

function checkFoldable({ layers, embeddingWidth }: DecoderConfig): void {
  const layer = layers.findIndex(
    ({ outputNorm, addsToNormalized }) => outputNorm || addsToNormalized,
  );
  if (layer >= 0) {
    const reason = `layers.${layer}: its norms stand on the residual stream itself, so not only matrices read them`;
    throw new UnsupportedFoldError("norms", reason);
  }
  if (embeddingWidth === undefined) return;
  const reason = "Between the final norm and the unembedding stands a matrix without a bias";
  throw new UnsupportedFoldError("norms", reason);
}

function readersOf(layer: LayerConfig, norm: "inputNorm" | "postAttentionNorm"): string[] {
  const { attention, mlp } = layer;
  const { latent } = attention;
  const query = latent?.queryRank ? "qDownProj" : "qProj";
  const byAttention = latent ? [query, ...latentReaders] : attentionReaders;
  const byExperts = mlp.experts?.ownNorms ? expertReaders.slice(-mlpReaders.length) : expertReaders; // the shared one
  const byMlp = mlp.experts ? byExperts : mlpReaders;
  return [
    ...(norm === "inputNorm" ? byAttention.map((name) => `selfAttn.${name}`) : []),
    ...(norm === mlpNorm(layer) ? byMlp.map((name) => `mlp.${name}`) : []),
  ];
}

/** @param readers of the norm; those that a model does not have are passed over */
export function foldNorm(
  parameters: Parameters,
  path: string,
  { unitOffset = false }: Pick<NormConfig, "unitOffset">,
  readers: readonly string[],
): void {
  const stored = parameters.get(`${path}.weight`); // (hidden); some norms have none
  const weight = stored && unitOffset ? mx.add(stored, 1) : stored;
  const shift = parameters.get(`${path}.bias`); // (hidden)
  for (const reader of readers) {
    const matrix = parameters.get(`${reader}.weight`); // (…, out, hidden)
    if (!matrix) continue; // an MLP without a gate, experts without a shared one
    if (weight) parameters.set(`${reader}.weight`, mx.multiply(matrix, weight));
    if (!shift) continue;
    const bias = parameters.get(`${reader}.bias`);
    if (!bias)
      throw new UnsupportedFoldError("norms", `${reader} has no bias to take that of ${path}`);
    parameters.set(`${reader}.bias`, mx.add(bias, mx.matmul(matrix, shift)));
  }
  if (stored) parameters.set(`${path}.weight`, mx.full(stored.shape, unitOffset ? 0 : 1));
  parameters.delete(`${path}.bias`);
}
