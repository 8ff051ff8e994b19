import { loadModel } from "@mlxterp/models";
import {
  ablateHeads,
  activationPatching,
  attentionPatterns,
  directLogitAttribution,
  headTypes,
  logitLens,
  resultToJSON,
} from "./index.js";

const model = await loadModel("/work/shared/data/models/stories15M");
const clean = "Tom and Sue went to the park. Sue gave a ball to",
  corrupted = "Sue and Tom went to the park. Tom gave a ball to";
const time = async <T>(name: string, f: () => Promise<T>) => {
  const t = performance.now();
  const r = await f();
  console.log(name, (performance.now() - t).toFixed(1), "ms");
  return r;
};
const lens = await time("lens", () => logitLens(model, clean, { answer: " Tom" }));
for (const row of lens.rows)
  console.log(
    row.site,
    JSON.stringify(
      row.cells
        .at(-1)!
        .top.slice(0, 3)
        .map((t) => [t.text, t.probability.toFixed(3)]),
    ),
    row.cells.at(-1)!.answer,
    row.cells.at(-1)!.entropy,
  );
const patch = await time("patch", () =>
  activationPatching(model, {
    clean,
    corrupted,
    answer: " Tom",
    wrongAnswer: " Sue",
    sites: ["residual", "attention", "mlp", "head"],
  }),
);
console.log(patch.baseline, patch.pairs[0].clean.pieces.join("|"));
for (const m of patch.matrices) {
  console.log(m.kind, m.site);
  for (const row of m.normalized) console.log(row.map((v) => v.toFixed(2).padStart(6)).join(""));
}
const dla = await time("dla", () =>
  directLogitAttribution(model, clean, { answer: " Tom", wrongAnswer: " Sue" }),
);
const flat = [
  dla.embedding,
  ...dla.heads.flat(),
  ...dla.attentionRest,
  ...dla.mlps,
  dla.normBias,
  dla.unembeddingRest,
];
console.log(
  "dla",
  dla.total,
  flat.reduce((a, b) => a + b, 0),
  dla.normBias,
  dla.unembeddingRest,
  dla.heads.map((r) => r.map((v) => v.toFixed(2)).join(" ")),
);
const ht = await time("types", () => headTypes(model));
console.log(
  ht.heads
    .filter((h) => h.type)
    .map((h) => `${h.layer}.${h.head} ${h.type} ${h.scores[h.type!].toFixed(2)}`)
    .join("; "),
  ht.prompts[0].ids.length,
);
for (const method of ["zero", "mean"] as const) {
  const ab = await time("ablate", () =>
    ablateHeads(model, {
      prompts: [clean, corrupted],
      answer: [" Tom", " Sue"],
      wrongAnswer: [" Sue", " Tom"],
      heads: [[2, 0]],
      method,
    }),
  );
  console.log(ab.baseline, ab.ablated);
}
const att = await time("att", () => attentionPatterns(model, clean));
console.log(att.patterns.length, resultToJSON(att).length);
