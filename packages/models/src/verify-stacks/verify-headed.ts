/** Checks what must hold in classifiers and embedding models: the layers of a language model, under a head of their own. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { DecoderBody } from "../decoder/model/decoder-body.js";
import { type Head, HeadedDecoder, type HeadedModule } from "../heads/headed-body.js";
import { gradientsOf } from "../verify/gradient-invariants.js";
import type { Invariant } from "../verify/invariant.js";
import { headsAddUp, patternMixesValues, writesAddUp } from "../verify/layer-invariants.js";
import {
  identityIsNeutral,
  paddedIsAlone,
  patchingAllIsClean,
  tracedIsUntraced,
} from "../verify/pass-invariants.js";
import { type BodySubject, middleLayer, promptsFor } from "../verify/subject.js";
import { type Verification, type VerifyOptions, verified } from "../verify/verified.js";
import { insideLayers } from "./verify-encoders.js";
import { unremembering, weighed } from "./weighed.js";

const ofDecoders: readonly Invariant<BodySubject>[] = [patternMixesValues, headsAddUp, writesAddUp];

/**
 * Of a decoder or an encoder: its scores, or the vector of a text, take the place of logits.
 *
 * @throws what `verifyModel` throws
 */
export function verifyHeaded<H extends Head>(
  model: InterpretableModelCore<HeadedModule<H>>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { module } = model;
  const invariants = [
    ...[tracedIsUntraced, identityIsNeutral],
    ...(module instanceof HeadedDecoder ? ofDecoders : insideLayers(module.layers)),
    ...[paddedIsAlone, patchingAllIsClean],
    gradientsOf(({ middle }) => ({ layer: middle, metric: weighed })),
  ];
  const subject = (): BodySubject => ({
    ...promptsFor(model, options.prompt),
    model: model as unknown as InterpretableModelCore<DecoderBody>, // of encoders only what both have is read
    middle: middleLayer(model),
    remembering: unremembering,
  });
  return verified({ model, invariants, subject, embedding: () => module.embedTokens }, options);
}
