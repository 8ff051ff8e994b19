/** A classifier of pictures with its norms folded into its matrices: the same scores, simpler weights. */
import { evaluate } from "@mlxterp/mlx";
import { setParameters } from "../decoder/parameters.js";
import type { FoldOptions } from "../folding/fold-decoder.js";
import { refuseCentring } from "../folding/fold-encoder.js";
import { attentionReaders, foldNorm, mlpReaders } from "../folding/fold-norms.js";
import { readParameters } from "../folding/read-parameters.js";
import type { VisionConfig } from "../vision/config.js";
import { VisionEncoder } from "../vision/vision-encoder.js";

/**
 * A second encoder that computes the same. Its last norm is read by the classifier.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring
 */
export async function foldVision(
  encoder: VisionEncoder,
  config: VisionConfig,
  options: FoldOptions = {},
): Promise<{ encoder: VisionEncoder; config: VisionConfig }> {
  refuseCentring(options);
  const { norm } = config;
  const simpler = { ...config, qkvBias: true, norm: { ...norm, bias: false } };
  const folded = new VisionEncoder(simpler);
  const parameters = readParameters(encoder, folded);
  const behind = (path: string, names: readonly string[]) => names.map((name) => `${path}.${name}`);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `layers.${layer}`;
    foldNorm(parameters, `${at}.inputNorm`, norm, behind(`${at}.selfAttn`, attentionReaders));
    foldNorm(parameters, `${at}.postAttentionNorm`, norm, behind(`${at}.mlp`, mlpReaders));
  }
  foldNorm(parameters, "finalNorm", norm, ["head.classifier"]);
  setParameters(folded, parameters);
  await evaluate([...parameters.values()]);
  return { encoder: folded, config: simpler };
}
