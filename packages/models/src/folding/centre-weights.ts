/** Takes the mean out of everything that is written to the residual stream, or out of the logits. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { DecoderConfig } from "../decoder/config/config.js";
import { UnsupportedFoldError } from "../errors.js";
import type { Parameters } from "./fold-norms.js";

/**
 * Where every norm that reads the residual stream subtracts the mean, nothing sees a vector along (1, …, 1), so no
 * write need have a part in that direction. What a norm of the embeddings writes stays as it is.
 * Source: TransformerLens, `center_writing_weights`.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) where the mean is seen
 */
export function centreWrites(parameters: Parameters, config: DecoderConfig): void {
  checkNothingSeesTheMean(config);
  for (const [path, array] of parameters) {
    if (/\b(oProj|downProj)\.weight$/.test(path)) parameters.set(path, centred(array, -2));
    else if (/\b(oProj|downProj)\.bias$/.test(path)) parameters.set(path, centred(array, -1));
    else if (path.startsWith("embed") && path.endsWith(".weight") && !config.embeddingNorm) {
      parameters.set(path, centred(array, -1));
    }
  }
}

function checkNothingSeesTheMean({ layers, finalNorm }: DecoderConfig): void {
  layers.forEach((layer, index) => {
    const { inputNorm, postAttentionNorm, parallel, attention, mlp } = layer;
    const where = `layers.${index}`;
    const refuse = (reason: string) => {
      throw new UnsupportedFoldError("centreWrites", `${where}: ${reason}`);
    };
    if (!inputNorm || !(postAttentionNorm || parallel)) {
      refuse("a sub-module reads the residual stream without a norm, so its mean is seen");
    }
    for (const norm of [inputNorm, postAttentionNorm]) {
      if (norm?.kind === "rms") refuse("RMSNorm does not subtract the mean, so the mean is seen");
    }
    if (attention.postNorm || mlp.postNorm) {
      refuse("writes are normalised before they are added, so their matrices cannot be centred");
    }
  });
  if (!finalNorm) {
    throw new UnsupportedFoldError(
      "centreWrites",
      "No norm follows the last layer, so its mean is seen",
    );
  }
  if (finalNorm.kind === "rms") {
    const reason = "finalNorm: RMSNorm does not subtract the mean, so the mean is seen";
    throw new UnsupportedFoldError("centreWrites", reason);
  }
}

/**
 * Takes the mean over the vocabulary out of the unembedding: all logits of a position shift by one number, so
 * probabilities stay what they are.
 * Source: TransformerLens, `center_unembed`.
 *
 * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) where logits are capped afterwards
 */
export function centreUnembedding(
  parameters: Parameters,
  { head }: Pick<DecoderConfig, "head">,
): void {
  if (head.softCap !== undefined) {
    const reason = `head: logits are capped at ${head.softCap} after the unembedding, so a shift would change probabilities`;
    throw new UnsupportedFoldError("centreUnembedding", reason);
  }
  for (const path of ["lmHead.weight", "lmHead.bias"]) {
    const array = parameters.get(path); // (vocab, hidden) and (vocab)
    if (array) parameters.set(path, centred(array, 0));
  }
}

function centred(array: MxArray, axis: number): MxArray {
  return mx.subtract(array, mx.mean(array, axis, true));
}
