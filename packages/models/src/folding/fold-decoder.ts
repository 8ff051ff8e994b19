/** A decoder with its norms folded into its matrices: the same logits, simpler weights. */

import { checkBoolean, checkOptions, evaluate } from "@mlxterp/mlx";
import type { DecoderConfig } from "../decoder/config/config.js";
import { Decoder } from "../decoder/model/decoder.js";
import { setParameters } from "../decoder/parameters.js";
import { settleRandomState } from "../decoder/random-state.js";
import { centreUnembedding, centreWrites } from "./centre-weights.js";
import { foldNorms } from "./fold-norms.js";
import { foldedConfig } from "./folded-config.js";
import { readParameters } from "./read-parameters.js";

export interface FoldOptions {
  /**
   * Takes the mean out of all that is written to the residual stream; only where every norm subtracts it anyway
   * (LayerNorm). Default: false.
   */
  readonly centreWrites?: boolean;
  /** Takes the mean over the vocabulary out of the unembedding; shifts the logits of a position alike. Default: false. */
  readonly centreUnembedding?: boolean;
}

/**
 * A second decoder that computes the same, where the norms that read the residual stream only normalise.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`)
 */
export async function foldDecoder(
  decoder: Decoder,
  config: DecoderConfig,
  options: FoldOptions = {},
): Promise<{ decoder: Decoder; config: DecoderConfig }> {
  checkOptions<FoldOptions>("folded", options, {
    centreWrites: checkBoolean,
    centreUnembedding: checkBoolean,
  });
  const simpler = foldedConfig(config);
  const folded = new Decoder(simpler);
  const parameters = readParameters(decoder, folded);
  foldNorms(parameters, config);
  if (options.centreWrites) centreWrites(parameters, config);
  if (options.centreUnembedding) centreUnembedding(parameters, config);
  setParameters(folded, parameters);
  await evaluate([...parameters.values()]);
  settleRandomState();
  return { decoder: folded, config: simpler };
}
