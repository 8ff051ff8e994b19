/** A decoder's parameters as another decoder of the same parts would hold them: unpacked, and 0 where there is none. */
import { listParameters, type Module, type MxArray, mx } from "@mlxterp/mlx";
import { TiedHead } from "../decoder/head/tied-head.js";
import type { Decoder } from "../decoder/model/decoder.js";
import { type Adapted, fullWeight, type Weighted } from "../packed/full-weight.js";

/** A module as what it holds; one with a live adapter holds its own bias inside. */
type Holder = Readonly<Record<string, unknown>>;

/**
 * @param decoder what is read
 * @param like whose parameters are asked for
 * @returns by path in `like`, and the biases of norms that are to be folded; lazy
 */
export function readParameters<D extends Module>(decoder: D, like: D): Map<string, MxArray> {
  const found = new Map<string, MxArray>();
  for (const [path, { shape }] of listParameters(like)) {
    const dot = path.lastIndexOf(".");
    const name = path.slice(dot + 1);
    const module = holderOf(decoder, path.slice(0, Math.max(dot, 0)), name);
    found.set(path, read(module, name) ?? mx.zeros(shape));
  }
  for (const [path, array] of listParameters(decoder)) {
    if (/\b(inputNorm|postAttentionNorm|finalNorm)\.bias$/.test(path)) found.set(path, array);
  }
  return found;
}

/** The embedding where the two are tied, but for a bias. */
function unembeddingOf(decoder: Module, name: string): Holder {
  const { lmHead, embedTokens } = decoder as unknown as Decoder;
  const tied = !lmHead || (lmHead instanceof TiedHead && name === "weight");
  return (tied ? embedTokens : lmHead) as unknown as Holder;
}

/** The module at a path. */
function holderOf(decoder: Module, path: string, name: string): Holder {
  if (path === "") return decoder as unknown as Holder; // an array of its own
  if (path === "lmHead") return unembeddingOf(decoder, name);
  return path
    .split(".")
    .reduce((holder, key) => holder[key] as Holder, decoder as unknown as Holder);
}

function read(module: Holder, name: string): MxArray | undefined {
  if (name === "weight") return fullWeight(module as unknown as Weighted | Adapted);
  const own = "base" in module ? (module.base as Holder) : module;
  return (own[name] ?? undefined) as MxArray | undefined;
}
