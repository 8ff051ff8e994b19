/** An encoder-decoder with its norms folded into its matrices: the same logits, simpler weights. */
import { checkBoolean, checkOptions, evaluate } from "@mlxterp/mlx";
import { setParameters } from "../decoder/parameters.js";
import { settleRandomState } from "../decoder/random-state.js";
import type { EncoderDecoderConfig } from "../encoder-decoder/config.js";
import { EncoderDecoder } from "../encoder-decoder/encoder-decoder.js";
import { UnsupportedFoldError } from "../errors.js";
import type { FoldOptions } from "./fold-decoder.js";
import { attentionReaders, foldNorm, mlpReaders, type Parameters } from "./fold-norms.js";
import { readParameters } from "./read-parameters.js";

/**
 * A second module that computes the same, where norms only normalise. What the decoder reads of the encoder, its keys and values
 * read through the encoder's last norm.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring: these norms do not subtract the mean, so the mean is seen
 */
export async function foldEncoderDecoder(
  module: EncoderDecoder,
  config: EncoderDecoderConfig,
  options: FoldOptions = {},
): Promise<{ module: EncoderDecoder; config: EncoderDecoderConfig }> {
  checkOptions<FoldOptions>("folded", options, {
    centreWrites: checkBoolean,
    centreUnembedding: checkBoolean,
  });
  for (const option of ["centreWrites", "centreUnembedding"] as const) {
    if (!options[option]) continue;
    const reason = "Only models of one text are centred";
    throw new UnsupportedFoldError(option, reason);
  }
  const simpler = { ...config, head: { ...config.head, tied: false } };
  const folded = new EncoderDecoder(simpler);
  const parameters = readParameters(module, folded);
  foldStacks(parameters, config);
  setParameters(folded, parameters);
  await evaluate([...parameters.values()]);
  settleRandomState();
  return { module: folded, config: simpler };
}

function foldStacks(parameters: Parameters, config: EncoderDecoderConfig): void {
  const fold = (norm: string, readers: readonly string[]) =>
    foldNorm(parameters, norm, config.norm, readers);
  const behind = (layer: string, part: string, names: readonly string[]) =>
    names.map((name) => `${layer}.${part}.${name}`);
  const stacks = { encoder: config.encoderLayers, decoder: config.decoderLayers };
  for (const [stack, count] of Object.entries(stacks)) {
    for (let index = 0; index < count; index++) {
      const layer = `${stack}.layers.${index}`;
      fold(`${layer}.inputNorm`, behind(layer, "selfAttn", attentionReaders));
      fold(`${layer}.postAttentionNorm`, behind(layer, "mlp", mlpReaders));
      if (stack === "encoder") continue;
      fold(`${layer}.crossAttentionNorm`, behind(layer, "crossAttention", ["qProj"]));
    }
  }
  const readings = Array.from({ length: config.decoderLayers }, (_, index) =>
    behind(`decoder.layers.${index}`, "crossAttention", ["kProj", "vProj"]),
  );
  fold("encoder.finalNorm", readings.flat());
  fold("decoder.finalNorm", ["lmHead"]);
}
