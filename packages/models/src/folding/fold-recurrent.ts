/** A recurrent or hybrid decoder with its norms folded into its matrices: the same logits, simpler weights. */
import { checkBoolean, checkOptions, evaluate } from "@mlxterp/mlx";
import { setParameters } from "../decoder/parameters.js";
import { settleRandomState } from "../decoder/random-state.js";
import { UnsupportedFoldError } from "../errors.js";
import type { RecurrentConfig, RecurrentLayerConfig } from "../recurrent/config.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { centreUnembedding } from "./centre-weights.js";
import type { FoldOptions } from "./fold-decoder.js";
import { expertReaders, foldNorm, mlpReaders, type Parameters } from "./fold-norms.js";
import { readParameters } from "./read-parameters.js";

/** What reads the normalised residual stream; a model has those of its kind. */
const attentionReaders = ["qProj", "kProj", "vProj", "gateProj"];
const mixerReaders = ["inProj", "gateProj", "betaProj", "decayProj"];

/**
 * A second decoder that computes the same, where the norms that read the residual stream only normalise.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`)
 */
export async function foldRecurrent(
  decoder: RecurrentDecoder,
  config: RecurrentConfig,
  options: FoldOptions = {},
): Promise<{ decoder: RecurrentDecoder; config: RecurrentConfig }> {
  checkOptions<FoldOptions>("folded", options, {
    centreWrites: checkBoolean,
    centreUnembedding: checkBoolean,
  });
  if (options.centreWrites) {
    const reason = "norms of these layers do not subtract the mean, so the mean is seen";
    throw new UnsupportedFoldError("centreWrites", reason);
  }
  const simpler: RecurrentConfig = { ...config, head: { ...config.head, tied: false } };
  const folded = new RecurrentDecoder(simpler);
  const parameters = readParameters(decoder, folded);
  for (const [index, layer] of config.layers.entries()) foldLayer(parameters, layer, index);
  if (config.finalNorm) foldNorm(parameters, "finalNorm", config.finalNorm, ["lmHead"]);
  if (options.centreUnembedding) centreUnembedding(parameters, config);
  setParameters(folded, parameters);
  await evaluate([...parameters.values()]);
  settleRandomState();
  return { decoder: folded, config: simpler };
}

function foldLayer(parameters: Parameters, layer: RecurrentLayerConfig, index: number): void {
  const { inputNorm, postAttentionNorm, mlp } = layer;
  const path = `layers.${index}`;
  const behind = (part: string, names: readonly string[]) =>
    names.map((name) => `${path}.${part}.${name}`);
  foldNorm(parameters, `${path}.inputNorm`, inputNorm, [
    ...behind("selfAttn", attentionReaders),
    ...behind("mixer", mixerReaders),
  ]);
  if (!postAttentionNorm || !mlp) return;
  const readers = behind("mlp", mlp.experts ? expertReaders : mlpReaders);
  foldNorm(parameters, `${path}.postAttentionNorm`, postAttentionNorm, readers);
}
