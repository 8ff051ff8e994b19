/** Checks what must hold in models that are not one list of layers: two stacks, two encoders, or several residual streams. */
import { InterpretableModelCore } from "@mlxterp/core";
import { type Module, type MxArray, mx } from "@mlxterp/mlx";
import { KeyValueCache } from "../decoder/cache/cache.js";
import { EncoderDecoderCache } from "../encoder-decoder/cache.js";
import type { EncoderDecoder } from "../encoder-decoder/encoder-decoder.js";
import type { ImageTextConfig } from "../image-text/config.js";
import type { ImageText } from "../image-text/image-text.js";
import type { StreamsDecoder } from "../streams/streams-decoder.js";
import { cachedIsRecomputed } from "../verify/cache-invariants.js";
import { measure } from "../verify/comparison.js";
import { gradientsAreDifferences, gradientsOf } from "../verify/gradient-invariants.js";
import type { Invariant } from "../verify/invariant.js";
import {
  identityIsNeutral,
  paddedIsAlone,
  patchingAllIsClean,
  tracedIsUntraced,
} from "../verify/pass-invariants.js";
import { type AnySubject, promptsFor } from "../verify/subject.js";
import { type Verification, type VerifyOptions, verified } from "../verify/verified.js";
import { memories } from "../verify/verify-model.js";
import { everyPatternMixes, everyWriteAddsUp, patchingStreamsIsClean } from "./stack-invariants.js";
import { unremembering, weighed } from "./weighed.js";

const first: readonly Invariant[] = [tracedIsUntraced, identityIsNeutral];

/** What of a model is looked at: its module, with arguments of its own for every pass. */
function fed<M extends Module>(
  { module, tokenizer, name }: InterpretableModelCore<M>,
  vocab: number,
  argument: (rows: readonly (readonly number[])[], lengths: readonly number[]) => object,
): InterpretableModelCore<M> {
  return new InterpretableModelCore(module, {
    ...{ name, anatomy: { vocab }, ...(tokenizer && { tokenizer }) },
    forwardArguments: ({ ids, lengths }) => [argument(ids, lengths)],
  });
}

/** What is written in every pass: enough for patterns to be more than one number. */
const written = (model: InterpretableModelCore<EncoderDecoder>, vocab: number, rows: number) => {
  const ids = [3, 11, 5, 23, 7].map((id) => id % vocab);
  const row = [model.module.startToken, ...ids];
  return mx.array(new Array(rows).fill(row), mx.int32);
};

/** The written text by steps, while the other is read once. */
const writtenStepByStep = (all: MxArray): Invariant => ({
  name: "cached generation",
  statement: "logits of a text written step by step with a cache = logits of one full pass",
  exact: false,
  async measure({ model, ids }) {
    const module = model.module as EncoderDecoder;
    const source: MxArray = mx.array([[...ids]], mx.int32);
    const full = module.forward(source, { written: all });
    const cache = new EncoderDecoderCache();
    const cuts = [0, ...Array.from({ length: all.shape[1] - 2 }, (_, index) => index + 2)];
    const comparisons = cuts.map((from, index) => {
      const slice = mx.Slice(from, cuts[index + 1] ?? all.shape[1]);
      const received = module.forward(source, { written: all.index(mx.Slice(), slice), cache });
      return { where: `position ${from}`, received, expected: full.index(mx.Slice(), slice) };
    });
    return measure(comparisons);
  },
});

/** @throws what `verifyModel` throws */
export function verifyEncoderDecoder(
  model: InterpretableModelCore<EncoderDecoder>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { vocab } = model.anatomy;
  const pass = fed(model, vocab, (ids, lengths) => ({
    ...{ lengths, written: written(model, vocab, ids.length) },
  }));
  const { encoder, decoder } = model.module;
  const middle = (stack: string, { length }: readonly unknown[]) =>
    `${stack}.layers.${Math.floor((length - 1) / 2)}`;
  const invariants = [
    ...[...first, everyPatternMixes(), everyWriteAddsUp, paddedIsAlone],
    ...[writtenStepByStep(written(model, vocab, 1)), patchingAllIsClean, gradientsAreDifferences],
  ];
  const subject = (): AnySubject => ({
    ...{ model: pass, ...promptsFor(pass, options.prompt), remembering: unremembering },
    middle: middle("encoder", encoder.layers),
  });
  const inDecoder: Invariant = {
    ...gradientsAreDifferences,
    name: "gradients of the written text are differences",
    measure: (given) =>
      gradientsAreDifferences.measure({ ...given, middle: middle("decoder", decoder.layers) }),
  };
  const embedding = () => model.module.embedTokens;
  return verified({ model, invariants: [...invariants, inDecoder], subject, embedding }, options);
}

/** @throws what `verifyModel` throws */
export function verifyStreams(
  model: InterpretableModelCore<StreamsDecoder>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { layers } = model.module;
  const valuesOf = (_: AnySubject, attention: string) => {
    const [, layer] = attention.split(".");
    const { keysOf = layer } = layers[Number(layer)].selfAttn;
    return `layers.${keysOf}.selfAttn`;
  };
  const invariants = [
    ...[...first, everyPatternMixes(valuesOf), paddedIsAlone, cachedIsRecomputed],
    ...[patchingStreamsIsClean, gradientsAreDifferences],
  ];
  const subject = (): AnySubject => ({
    ...{ model, ...promptsFor(model, options.prompt) },
    middle: `layers.${Math.floor((layers.length - 1) / 2)}`,
    remembering: memories(model.module, () => new KeyValueCache()),
  });
  const embedding = () => model.module.embedTokens;
  return verified({ model, invariants, subject, embedding }, options);
}

/** Each text alone has the embedding that it has beside a longer one. */
const paddedTextIsAlone: Invariant = {
  name: "a batch changes nothing",
  statement: "the embedding of a text in a padded batch = that of the text alone",
  exact: false,
  async measure({ model, ids, short }) {
    const save = "textEmbedding";
    const batch = (await model.run([ids, short], { save })).get(save); // (batch, hidden)
    const alone = await Promise.all(
      [ids, short].map(async (prompt) => (await model.run([prompt], { save })).get(save)),
    );
    const comparisons = alone.map((expected, row) => ({
      ...{ where: `prompt ${row}`, expected },
      received: batch.index(mx.Slice(row, row + 1)),
    }));
    return measure(comparisons);
  },
};

/** A number of an encoder's embedding: its components, each with a weight of its own. */
const embeddingMetric = (site: string) =>
  gradientsOf(({ middle }) => ({
    layer: site === "textEmbedding" ? middle : middle.replace("text.", "vision."),
    metric: (_, { value }) => weighed(value(site)), // (batch, hidden)
  }));

/** @throws what `verifyModel` throws */
export function verifyImageText(
  model: InterpretableModelCore<ImageText>,
  config: ImageTextConfig,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { vocab, endToken, layers } = config.text;
  const { channels, height, width } = config.vision;
  const pixels = mx.random.normal([1, channels, height, width], mx.float32, 0, 1, mx.random.key(5));
  const pass = fed(model, vocab, (_, lengths) => ({ pixels, lengths }));
  // A text is read off at its end, which every prompt of the check has at the same place.
  const ended = (ids: readonly number[]) => {
    const end = endToken ?? vocab - 1;
    return [...ids.filter((id) => id !== end).slice(0, config.text.maxPositions - 1), end];
  };
  const subject = (): AnySubject => {
    const { ids, other, short } = promptsFor(pass, options.prompt);
    return {
      ...{ model: pass, ids: ended(ids), other: ended(other), short: ended(short) },
      ...{ middle: `text.layers.${Math.floor((layers - 1) / 2)}`, remembering: unremembering },
    };
  };
  const invariants = [
    ...[...first, everyPatternMixes(), everyWriteAddsUp, paddedTextIsAlone, patchingAllIsClean],
    embeddingMetric("textEmbedding"),
    { ...embeddingMetric("imageEmbedding"), name: "gradients of pictures are differences" },
  ];
  const embedding = () => model.module.text.embedTokens;
  return verified({ model, invariants, subject, embedding }, options);
}
