/** The mixer that a description asks for. */
import type { MixerConfig } from "./config.js";
import { GatedDelta } from "./gated-delta.js";
import { GatedLinear } from "./gated-linear.js";
import { MambaMixer } from "./mamba.js";
import { Mamba2Mixer } from "./mamba2.js";
import type { Mixer } from "./mixer.js";
import { ShortConvolution } from "./short-convolution.js";

export function createMixer(hidden: number, config: MixerConfig): Mixer {
  switch (config.kind) {
    case "mamba":
      return new MambaMixer(hidden, config);
    case "mamba2":
      return new Mamba2Mixer(hidden, config);
    case "shortConvolution":
      return new ShortConvolution(hidden, config);
    case "gatedDelta":
      return new GatedDelta(hidden, config);
    case "gatedLinear":
      return new GatedLinear(hidden, config);
  }
}
