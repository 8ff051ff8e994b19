/** Invariants of the pass itself: watching, changing nothing and patching everything. */
import type { Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import { type AnySubject, sitesLike } from "./subject.js";

async function logits({ model, ids }: AnySubject, interventions: Interventions): Promise<MxArray> {
  await using trace = model.trace(ids, { interventions });
  return trace.output.value;
}

/** Tracing, and reading every value, leaves the logits as they are. */
export const tracedIsUntraced: Invariant = {
  name: "tracing changes nothing",
  statement: "traced logits = untraced logits",
  exact: true,
  async measure(subject) {
    const { model, ids } = subject;
    const untraced = model.forward(ids);
    await using trace = model.trace(ids);
    const { output } = trace.saveAll("**", "output");
    return measure([
      { where: "trace", received: await logits(subject, {}), expected: untraced },
      { where: "trace that reads every site", received: output, expected: untraced },
    ]);
  },
};

/** The identity at every site forces every unfused way through the model. */
export const identityIsNeutral: Invariant = {
  name: "identity changes nothing",
  statement: "logits with x → x at every site = logits",
  exact: false,
  async measure(subject) {
    const received = await logits(subject, { "**": (x) => x });
    return measure([{ where: "**", received, expected: subject.model.forward(subject.ids) }]);
  },
};

/** What is written to a residual stream, of which a model may have several. */
const writes = /^(\w+\.)?layers\.\d+\.(mixer|selfAttn|crossAttention|mlp|embeddingWrite)$/;

/** A run on other tokens, with everything that is written to the residual stream taken from the clean run. */
export const patchingAllIsClean: Invariant = {
  name: "patching everything restores",
  statement: "run on other tokens, every write patched from the clean run = clean run",
  exact: true,
  async measure(subject) {
    const { model, ids, other } = subject;
    const written = sitesLike(subject, writes);
    const inputs = written.map((site) => site.replace(/layers\..*/, "layers.0.input"));
    const sites = [...new Set(inputs), ...written];
    const clean = await model.run(ids, { save: [...sites, "output"] });
    const patches: Interventions = Object.fromEntries(
      clean.entries().flatMap(([site, value]) => (site === "output" ? [] : [[site, () => value]])),
    );
    const received = await logits({ ...subject, ids: other }, patches);
    return measure([{ where: "output", received, expected: clean.get("output") }]);
  },
};

/** Padding is invisible: each prompt of a batch gets what it would get alone. */
export const paddedIsAlone: Invariant = {
  name: "a batch changes nothing",
  statement: "a prompt in a padded batch = the prompt alone",
  exact: false,
  async measure({ model, ids, short }) {
    const batch = model.forward([ids, short]); // (batch, position, vocab)
    const comparisons = [ids, short].map((prompt, row): Comparison => {
      const expected = model.forward([prompt]); // as long as what is written, where that is another text
      const own = batch.index(mx.Slice(row, row + 1), mx.Slice(0, expected.shape[1]));
      return { where: `prompt ${row}`, received: own, expected };
    });
    return measure(comparisons);
  },
};
