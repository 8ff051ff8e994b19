/** A decoder's parameters as another decoder of the same parts would hold them: unpacked, and 0 where there is none. */
import { listParameters, type MxArray, mx } from "@mlxterp/mlx";
import { TiedHead } from "../decoder/head/tied-head.js";
import type { Decoder } from "../decoder/model/decoder.js";
import type { EncoderDecoder } from "../encoder-decoder/encoder-decoder.js";
import { type Adapted, fullWeight, type Weighted } from "../packed/full-weight.js";
import type { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";

type Readable = Decoder | RecurrentDecoder | EncoderDecoder;

/** A module as what it holds; one with a live adapter holds its own bias inside. */
type Holder = Readonly<Record<string, unknown>>;

/**
 * @param decoder what is read
 * @param like whose parameters are asked for
 * @returns by path in `like`, and the biases of norms that are to be folded; lazy
 */
export function readParameters<D extends Readable>(decoder: D, like: D): Map<string, MxArray> {
  const found = new Map<string, MxArray>();
  for (const [path, { shape }] of listParameters(like)) {
    const dot = path.lastIndexOf(".");
    const name = path.slice(dot + 1);
    const module = holderOf(decoder, path.slice(0, dot), name);
    found.set(path, read(module, name) ?? mx.zeros(shape));
  }
  for (const [path, array] of listParameters(decoder)) {
    if (/\b(inputNorm|postAttentionNorm|finalNorm)\.bias$/.test(path)) found.set(path, array);
  }
  return found;
}

/** The module at a path; the unembedding is the embedding where the two are tied, but for a bias. */
function holderOf(decoder: Readable, path: string, name: string): Holder {
  const { lmHead, embedTokens } = decoder;
  const tied = !lmHead || (lmHead instanceof TiedHead && name === "weight");
  if (path === "lmHead" && tied) return embedTokens as unknown as Holder;
  return path
    .split(".")
    .reduce((holder, key) => holder[key] as Holder, decoder as unknown as Holder);
}

function read(module: Holder, name: string): MxArray | undefined {
  if (name === "weight") return fullWeight(module as unknown as Weighted | Adapted);
  const own = "base" in module ? (module.base as Holder) : module;
  return (own[name] ?? undefined) as MxArray | undefined;
}
