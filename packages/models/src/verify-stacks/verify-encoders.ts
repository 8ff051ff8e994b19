/** Checks what must hold in encoders: of texts with gaps, and of pictures. */
import { InterpretableModelCore } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { BodyModule } from "../encoder/body-module.js";
import type { MaskedModule } from "../encoder/masked-module.js";
import { type Comparison, measure } from "../verify/comparison.js";
import {
  attributionIsPatching,
  gradientsAreDifferences,
  gradientsOf,
} from "../verify/gradient-invariants.js";
import type { Invariant } from "../verify/invariant.js";
import {
  identityIsNeutral,
  paddedIsAlone,
  patchingAllIsClean,
  tracedIsUntraced,
} from "../verify/pass-invariants.js";
import { type AnySubject, middleLayer, promptsFor, sitesLike } from "../verify/subject.js";
import { type Verification, type VerifyOptions, verified } from "../verify/verified.js";
import type { VisionConfig } from "../vision/config.js";
import type { VisionEncoder } from "../vision/vision-encoder.js";
import { everyPatternMixes, everyWriteAddsUp } from "./stack-invariants.js";
import { unremembering, weighed } from "./weighed.js";

type Layers = readonly { readonly selfAttn: { readonly oProj: Linear } }[];

/** What heads write by themselves, and a bias, is what attention writes. */
const headsAddUp = (layers: Layers, under = ""): Invariant => ({
  name: "heads add up",
  statement: "Σ heads result + bias = selfAttn",
  exact: false,
  async measure({ model, ids }) {
    const sites = layers.map((_, layer) => `${under}layers.${layer}.selfAttn`);
    const save = sites.flatMap((site) => [site, `${site}.result`]);
    const cache = await model.run([ids], { save });
    const comparisons = sites.map((where, layer): Comparison => {
      const sum = mx.sum(cache.get(`${where}.result`), 2);
      const { bias } = layers[layer].selfAttn.oProj;
      return { where, received: bias ? mx.add(sum, bias) : sum, expected: cache.get(where) };
    });
    return measure(comparisons);
  },
});

/** Where norms stand on the stream: what each of them reads is a sum. */
const sumsAreNormalised: Invariant = {
  name: "writes add up",
  statement: "residual before + selfAttn, and what the MLP reads + mlp, are what norms are given",
  exact: false,
  async measure(subject) {
    const layers = sitesLike(subject, /^layers\.\d+$/);
    const parts = ["input", "selfAttn", "residMid", "postAttentionNorm", "mlp", "residPost"];
    const save = layers.flatMap((layer) => parts.map((part) => `${layer}.${part}`));
    const cache = await subject.model.run([subject.ids], { save });
    const sum = (layer: string, [one, other, whole]: readonly string[]): Comparison => {
      const [a, b, expected] = [one, other, whole].map((part) => cache.get(`${layer}.${part}`));
      return { where: `${layer}.${whole}`, received: mx.add(a, b), expected };
    };
    return measure(
      layers.flatMap((layer) => [sum(layer, parts.slice(0, 3)), sum(layer, parts.slice(3))]),
    );
  },
};

/** Inside the layers of an encoder of texts, whose norms may stand on the stream. */
export const insideLayers = (layers: BodyModule["layers"]): readonly Invariant[] => {
  const onStream = layers.some(({ outputNorm }) => outputNorm);
  return [everyPatternMixes(), headsAddUp(layers), onStream ? sumsAreNormalised : everyWriteAddsUp];
};

/** What the last layer gives, through what the anatomy says of the end, is what is predicted. */
const endGivesLogits: Invariant = {
  name: "the end gives logits",
  statement: "unembedding(final norm(last layer)) = logits",
  exact: false,
  async measure({ model, ids }) {
    const { layers, finalNorm, unembed } = model.anatomy;
    const last = `layers.${layers - 1}`;
    const cache = await model.run([ids], { save: [last, "output"] });
    const received = unembed(finalNorm(cache.get(last)));
    return measure([{ where: "output", received, expected: cache.get("output") }]);
  },
};

/** @throws what `verifyModel` throws */
export function verifyMasked(
  model: InterpretableModelCore<MaskedModule>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const invariants = [
    ...[tracedIsUntraced, identityIsNeutral, ...insideLayers(model.module.layers)],
    ...[endGivesLogits, paddedIsAlone],
    ...[patchingAllIsClean, gradientsAreDifferences, attributionIsPatching],
  ];
  const subject = (): AnySubject => ({
    ...{ model, ...promptsFor(model, options.prompt), middle: middleLayer(model) },
    remembering: unremembering,
  });
  const embedding = () => model.module.embedTokens;
  return verified({ model, invariants, subject, embedding }, options);
}

/** Pictures by their numbers, so that what is said of prompts of ids is said of them. */
class NumberedPictures extends nn.Module {
  readonly encoder: VisionEncoder;
  readonly pictures: () => MxArray;

  constructor(encoder: VisionEncoder, pictures: MxArray) {
    super();
    this.encoder = encoder;
    this.pictures = () => pictures; // no parameter
  }

  get outputAxes() {
    return this.encoder.outputAxes;
  }

  /** @param numbers (batch, 1) */
  override forward(numbers: MxArray): MxArray {
    return this.encoder.forward(mx.take(this.pictures(), numbers.reshape([-1]), 0));
  }
}

const pictureIsAlone: Invariant = {
  name: "a batch changes nothing",
  statement: "a picture in a batch = the picture alone",
  exact: false,
  async measure({ model, ids, other }) {
    const batch = model.forward([ids, other]); // (batch, labels)
    const comparisons = [ids, other].map((prompt, row) => ({
      ...{ where: `picture ${row}`, expected: model.forward([prompt]) },
      received: batch.index(mx.Slice(row, row + 1)),
    }));
    return measure(comparisons);
  },
};

/**
 * On two pictures of noise.
 *
 * @throws the signal's reason when cancelled; InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function verifyVision(
  model: InterpretableModelCore<VisionEncoder>,
  { channels, height, width }: VisionConfig,
  options: Omit<VerifyOptions, "prompt"> = {},
): Promise<Verification> {
  const shape = [2, channels, height, width];
  const pictures = mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(5));
  const { module, name } = model;
  const pass = new InterpretableModelCore(new NumberedPictures(module, pictures), {
    ...{ name, anatomy: { vocab: 2 } },
  });
  const invariants = [
    ...[tracedIsUntraced, identityIsNeutral, everyPatternMixes(), everyWriteAddsUp],
    ...[headsAddUp(module.layers, "encoder."), pictureIsAlone, patchingAllIsClean],
    gradientsOf(({ middle }) => ({ layer: middle, metric: weighed })),
  ];
  const subject = (): AnySubject => ({
    ...{ model: pass, ids: [0], other: [1], short: [1], remembering: unremembering },
    middle: `encoder.layers.${Math.floor((module.layers.length - 1) / 2)}`,
  });
  const embedding = () => module.patchProj;
  return verified({ model, invariants, subject, embedding, takesPrompt: false }, options);
}
