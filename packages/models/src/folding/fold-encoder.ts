/** An encoder of texts with norms before what reads, folded into its matrices: the same predictions, simpler weights. */
import { checkBoolean, checkOptions, evaluate } from "@mlxterp/mlx";
import type { DecoderConfig } from "../decoder/config/config.js";
import { setParameters } from "../decoder/parameters.js";
import { TwoSidedEncoder } from "../encoder/two-sided-encoder.js";
import { UnsupportedFoldError } from "../errors.js";
import type { FoldOptions } from "./fold-decoder.js";
import { foldNorms } from "./fold-norms.js";
import { foldedConfig } from "./folded-config.js";
import { readParameters } from "./read-parameters.js";

/** @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) */
export function refuseCentring(options: FoldOptions): void {
  checkOptions<FoldOptions>("folded", options, {
    centreWrites: checkBoolean,
    centreUnembedding: checkBoolean,
  });
  for (const option of ["centreWrites", "centreUnembedding"] as const) {
    if (!options[option]) continue;
    throw new UnsupportedFoldError(option, "Only models that predict what comes next are centred");
  }
}

/**
 * A second encoder that computes the same. What the head's own norm reads is no residual stream, so it stays.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring
 */
export async function foldTwoSided(
  encoder: TwoSidedEncoder,
  config: DecoderConfig,
  options: FoldOptions = {},
): Promise<{ encoder: TwoSidedEncoder; config: DecoderConfig }> {
  refuseCentring(options);
  const simpler = { ...foldedConfig(config), head: config.head }; // the embedding is also what reads the head
  const { denseBias = true, ...head } = encoder.headConfig;
  const shifted = config.finalNorm?.bias ?? false;
  const folded = new TwoSidedEncoder(simpler, { ...head, denseBias: denseBias || shifted });
  const parameters = readParameters(encoder, folded);
  foldNorms(parameters, config, ["head.dense"]);
  setParameters(folded, parameters);
  await evaluate([...parameters.values()]);
  return { encoder: folded, config: simpler };
}
