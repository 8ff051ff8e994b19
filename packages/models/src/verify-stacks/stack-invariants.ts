/** Invariants of models with several lists of layers, found by the names of their sites. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Comparison } from "../verify/comparison.js";
import { measure } from "../verify/comparison.js";
import type { Invariant } from "../verify/invariant.js";
import { type AnySubject, sitesLike } from "../verify/subject.js";

/** Sites of one pass. */
async function read({ model, ids }: AnySubject, sites: readonly string[]) {
  const cache = await model.run([ids], { save: [...sites] });
  return (site: string): MxArray => cache.get(site);
}

/** @param valuesOf the attention whose values another reads, by path. Default: its own */
export const everyPatternMixes = (
  valuesOf: (subject: AnySubject, attention: string) => string = (_, attention) => attention,
): Invariant => ({
  name: "pattern mixes values",
  statement: "pattern @ v = z, in every attention",
  exact: false,
  async measure(subject) {
    const found = sitesLike(subject, /\.pattern$/).map((site) => site.slice(0, -".pattern".length));
    const values = found.map((attention) => valuesOf(subject, attention));
    const sites = found.flatMap((attention, index) => [
      ...[`${attention}.pattern`, `${attention}.z`, `${values[index]}.v`],
    ]);
    const at = await read(subject, [...new Set(sites)]);
    const comparisons = found.map((attention, index): Comparison => {
      const [pattern, v] = [at(`${attention}.pattern`), at(`${values[index]}.v`)];
      const shared = mx.repeat(v, pattern.shape[1] / v.shape[1], 1); // (batch, heads, key, headDim)
      const received = mx.matmul(pattern, shared).transpose(0, 2, 1, 3);
      return { where: `${attention}.z`, received, expected: at(`${attention}.z`) };
    });
    return measure(comparisons);
  },
});

const writers = ["selfAttn", "crossAttention", "mlp"];

/** The residual stream of each stack changes by nothing but what its layers write. */
export const everyWriteAddsUp: Invariant = {
  name: "writes add up",
  statement: "residual before + selfAttn (+ crossAttention) + mlp = residual after, in every stack",
  exact: false,
  async measure(subject) {
    const layers = sitesLike(subject, /(^|\.)layers\.\d+$/);
    const partsOf = (layer: string) => {
      const names = new Set(sitesLike(subject, new RegExp(`^${layer}\\.[a-zA-Z]+$`)));
      const own = writers.map((name) => `${layer}.${name}`).filter((site) => names.has(site));
      return [`${layer}.input`, ...own];
    };
    const at = await read(
      subject,
      layers.flatMap((layer) => [layer, ...partsOf(layer)]),
    );
    const comparisons = layers.map((layer): Comparison => {
      const [input, ...parts] = partsOf(layer).map(at);
      const received = parts.reduce((sum, part) => mx.add(sum, part), input);
      return { where: layer, received, expected: at(layer) };
    });
    return measure(comparisons);
  },
};

/** All streams behind each layer from a clean run, in a run on other tokens. */
export const patchingStreamsIsClean: Invariant = {
  name: "patching everything restores",
  statement:
    "run on other tokens, the streams behind every layer patched from the clean run = clean run",
  exact: true,
  async measure(subject) {
    const { model, ids, other } = subject;
    const sites = sitesLike(subject, /^layers\.\d+$/);
    const clean = await model.run([ids], { save: [...sites, "output"] });
    const interventions = Object.fromEntries(sites.map((site) => [site, () => clean.get(site)]));
    const received = (await model.run([other], { interventions, save: "output" })).get("output");
    return measure([{ where: "output", received, expected: clean.get("output") }]);
  },
};
