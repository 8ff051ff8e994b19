/**
 * The local replacement model of one prompt: attention patterns and the denominators of norms are held at their values, and the output of
 * every MLP is a constant that transcoders take apart. What is left is linear, so that effects are exact.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { DictionaryModel } from "../shared/model.js";
import { frozenSites, transcoderPlaces } from "../transcoders/places.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { type Effects, effectsIn, type Frozen } from "./linear-effects.js";
import { type TakenApart, takenApart } from "./taken-apart.js";

/** What is known of a prompt before effects are computed. */
export interface Replacement extends TakenApart, Effects {
  readonly ids: readonly number[];
  readonly layers: number;
  /** The tokens' embeddings, (position, hidden). */
  readonly embeddings: MxArray;
  /** The logits of the next token, with every scale and cap, (vocab). */
  readonly logits: MxArray;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for transcoders of another number of layers */
export async function replacementOf(
  model: DictionaryModel,
  transcoders: Transcoders,
  ids: readonly number[],
): Promise<Replacement> {
  const { layers } = model.anatomy;
  const { reads, writes } = transcoderPlaces(model, transcoders);
  const { patterns, scales } = frozenSites(model);
  const save = [...new Set([...reads, ...writes, ...patterns, ...scales, "embedTokens", "output"])];
  using cache = await model.run([[...ids]], { save });
  const held = (site: string) => mx.stopGradient(cache.get(site).astype(mx.float32));
  const inputs = reads.map((site) => held(site).index(0));
  const outputs = writes.map((site) => held(site).index(0));
  const found = await takenApart(transcoders, inputs, outputs);
  const named = (sites: readonly string[]) => new Map(sites.map((site) => [site, held(site)]));
  const frozen: Frozen = {
    patterns: named(patterns),
    scales: named(scales),
    mlps: writes.map(held),
  };
  const embeddings = held("embedTokens");
  const places = { reads, writes };
  return {
    ...{ ids, layers, ...found, embeddings: embeddings.index(0) },
    logits: held("output").index(0, ids.length - 1),
    ...effectsIn(model, transcoders, { frozen, embeddings, places, ids }),
  };
}
