/** Transcoders across layers in circuit-tracer's layout: settings, and two files for each layer. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { withFile, writeFileAtomically, writeTensors } from "@mlxterp/mlx";
import { yaml } from "../shared/yaml.js";
import type { CrossLayerTranscoder } from "../transcoders/cross-layer.js";
import { contiguous } from "./contiguous.js";

export async function saveCrossLayer(
  { weights, sites }: CrossLayerTranscoder,
  folder: string,
): Promise<void> {
  withFile(folder, () => mkdirSync(folder, { recursive: true }));
  for (const [layer, one] of weights.entries()) {
    const { encoder, encoderBias, decoder, decoderBias, threshold, skip } = one;
    await writeTensors(join(folder, `W_enc_${layer}.safetensors`), {
      [`W_enc_${layer}`]: contiguous(encoder.transpose()),
      [`b_enc_${layer}`]: contiguous(encoderBias),
      [`b_dec_${layer}`]: contiguous(decoderBias),
      ...(threshold && { [`threshold_${layer}`]: contiguous(threshold) }),
      ...(skip && { [`W_skip_${layer}`]: contiguous(skip) }),
    });
    const file = join(folder, `W_dec_${layer}.safetensors`);
    await writeTensors(file, { [`W_dec_${layer}`]: contiguous(decoder) });
  }
  const settings = {
    model_kind: "cross_layer_transcoder",
    ...(sites.model && { model_name: sites.model }),
    ...{ feature_input_hook: sites.input, feature_output_hook: sites.output },
    ...(sites.name && { scan: sites.name }),
  };
  writeFileAtomically(join(folder, "config.yaml"), yaml().stringify(settings));
}
