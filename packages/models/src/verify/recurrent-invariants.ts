/** Invariants inside layers of which some remember: patterns, heads and writes where there are any, and states. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import type { RecurrentSubject } from "./subject.js";

type Layer = RecurrentSubject["model"]["module"]["layers"][number];

/** Reads a site of the pass, such as `layers.3.mixer.state`. */
type Read = (site: string) => MxArray;

interface LayerRule {
  readonly name: string;
  readonly statement: string;
  /** The sites that it compares in one layer; none where it says nothing about the layer. */
  sites(layer: Layer): readonly string[];
  /** What is said of models without any such layer. */
  readonly otherwise: string;
  /** @param read of the layer's sites, by their names in it; "" is the layer itself */
  compare(read: Read, layer: Layer): Omit<Comparison, "where">;
}

const path = (layer: number, site: string) => `layers.${layer}${site && `.${site}`}`;

function inLayers({ sites, otherwise, compare, ...rule }: LayerRule): Invariant<RecurrentSubject> {
  const wanted = ({ model }: RecurrentSubject) =>
    model.module.layers.map((layer, index) => sites(layer).map((site) => path(index, site)));
  return {
    ...rule,
    exact: false,
    notApplicable: (subject) => (wanted(subject).flat().length === 0 ? otherwise : undefined),
    async measure(subject) {
      const { model, ids } = subject;
      const cache = await model.run([ids], { save: wanted(subject).flat() });
      const comparisons = wanted(subject).flatMap((names, index) => {
        if (names.length === 0) return [];
        const read: Read = (site) => cache.get(path(index, site));
        return [{ where: names[0], ...compare(read, model.module.layers[index]) }];
      });
      return measure(comparisons);
    },
  };
}

const attending = (...sites: string[]) => ({
  otherwise: "no layer attends",
  sites: ({ selfAttn }: Layer) => (selfAttn ? sites.map((site) => `selfAttn.${site}`) : []),
});

/** The pattern that can be read is the one that mixes the values. */
export const recurrentPatternMixes = inLayers({
  ...{ name: "pattern mixes values", statement: "pattern @ v = z, where a layer attends" },
  ...attending("z", "pattern", "v"),
  compare(read) {
    const [pattern, v] = [read("selfAttn.pattern"), read("selfAttn.v")];
    const values = mx.repeat(v, pattern.shape[1] / v.shape[1], 1); // (batch, heads, key, headDim)
    const received = mx.matmul(pattern, values).transpose(0, 2, 1, 3);
    return { received, expected: read("selfAttn.z") };
  },
});

/** What the heads write separately is what attention writes. */
export const recurrentHeadsAddUp = inLayers({
  ...{ name: "heads add up", statement: "Σ heads result + bias = selfAttn, where a layer attends" },
  otherwise: "no layer attends",
  sites: ({ selfAttn }) => (selfAttn ? ["selfAttn", "selfAttn.result"] : []),
  compare(read, { selfAttn }) {
    const { oProj, outputScale = 1 } = selfAttn!; // as `sites` says
    const sum = mx.sum(read("selfAttn.result"), 2);
    const received = oProj.bias ? mx.add(sum, mx.multiply(oProj.bias, outputScale)) : sum;
    return { received, expected: read("selfAttn") };
  },
});

const writers = ({ mixer, selfAttn, mlp }: Layer) => [
  ...(mixer ? ["mixer"] : []),
  ...(selfAttn ? ["selfAttn"] : []),
  ...(mlp ? ["mlp"] : []),
];

/** The residual stream changes by nothing but what a layer's parts write. */
export const recurrentWritesAddUp = inLayers({
  ...{
    name: "writes add up",
    statement: "residual before + what each part writes = residual after",
  },
  otherwise: "there are no layers",
  sites: (layer) => ["", "input", ...writers(layer)],
  compare: (read, layer) => ({
    received: writers(layer).reduce((sum, part) => mx.add(sum, read(part)), read("input")),
    expected: read(""),
  }),
});

/** What a layer must show for its states to be followed. */
function stateSites({ mixer }: Layer): string[] {
  if (!mixer?.state || !mixer.decay) return [];
  const written = mixer.write ? ["write"] : mixer.beta ? ["k", "v", "beta"] : undefined;
  return written ? ["state", "decay", ...written].map((site) => `mixer.${site}`) : [];
}

/** States are what is left of the one before and what the token writes. */
export const statesUnroll = inLayers({
  name: "states unroll",
  statement:
    "decay · state before + write = state, from nothing; a delta layer writes beta · (v − what it recalls) ⊗ k",
  otherwise: "no layer shows its states",
  sites: stateSites,
  compare(read, { mixer }) {
    const [state, decay] = [read("mixer.state"), read("mixer.decay")];
    const first = mx.zerosLike(state.index(mx.Slice(), mx.Slice(0, 1)));
    const before = mx.concatenate([first, state.index(mx.Slice(), mx.Slice(0, -1))], 1);
    const axes = [...decay.shape, ...state.shape.slice(decay.ndim).map(() => 1)];
    const left = mx.multiply(decay.reshape(axes), before);
    const written = mixer?.write ? read("mixer.write") : deltaWrite(read, left);
    return { received: mx.add(left, written), expected: state };
  },
});

/** @param left of the states before, (batch, position, heads, headDim, state) */
function deltaWrite(read: Read, left: MxArray): MxArray {
  const [v, beta] = [read("mixer.v"), mx.expandDims(read("mixer.beta"), 3)];
  const k = read("mixer.k"); // (batch, position, groups, state)
  const key = mx.expandDims(mx.repeat(k, v.shape[2] / k.shape[2], 2), 3); // (batch, position, heads, 1, state)
  const recalled = mx.sum(mx.multiply(left, key), -1);
  const change = mx.multiply(beta, mx.subtract(v, recalled));
  return mx.multiply(mx.expandDims(change, 4), key);
}

/** All writes together, normalised and unembedded, are the logits. */
export const recurrentDecomposes: Invariant<RecurrentSubject> = {
  name: "residual decomposes",
  statement: "unembed(finalNorm(embedding + Σ writes)) = logits",
  exact: false,
  async measure({ model, ids }) {
    const parts = model.module.layers.flatMap((layer, index) =>
      writers(layer).map((part) => path(index, part)),
    );
    const cache = await model.run([ids], { save: ["layers.0.input", ...parts, "output"] });
    const residual = parts.reduce(
      (sum, part) => mx.add(sum, cache.get(part)),
      cache.get("layers.0.input"),
    );
    const received = model.anatomy.unembed(model.anatomy.finalNorm(residual));
    return measure([{ where: "output", received, expected: cache.get("output") }]);
  },
};
