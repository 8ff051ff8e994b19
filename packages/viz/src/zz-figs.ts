import { readFileSync, writeFileSync } from "node:fs";
import * as viz from "./index.js";

const d = JSON.parse(readFileSync("/tmp/figs/data.json", "utf8"));
const w = (n: string, s: string) => writeFileSync(`/tmp/figs/${n}.svg`, s);
w("lens", viz.lensFigure(d.lens));
w("lens-long", viz.lensFigure(d.lensPlain));
d.patch.matrices.forEach((m: any, i: number) =>
  w(`patch-${m.kind}`, viz.patchingFigure(d.patch, { matrix: i })),
);
w("noise", viz.patchingFigure(d.noise));
w(
  "dla-heads",
  viz.headFigure(d.dla.heads, {
    title: "Direct logit attribution of heads",
    legend: "logits towards Tom",
  }),
);
w(
  "dla-bars",
  viz.barFigure(viz.attributionBars(d.dla), {
    title: "What speaks for ·Tom over ·Sue",
    subtitle: "direct logit attribution",
    axis: "contribution to the logit difference",
  }),
);
w("types", viz.headTypeFigure(d.types, "previousToken"));
w("att1", viz.attentionFigure(d.att1));
w("att4", viz.attentionFigure(d.att4));
writeFileSync("/tmp/figs/report.html", viz.htmlReport({ title: "Who gets the ball? <b>", summary: "An investigation of stories15M.", sections: [
 { heading: "Lens", text: ["The answer appears in layer 4.", "And <i>more</i>."], figures: [viz.lensFigure(d.lens), { svg: viz.lensFigure(d.lensPlain), caption: "A long one" }] },
 { heading: "Patching", figures: d.patch.matrices.map((_: any, matrix: number) => viz.patchingFigure(d.patch, { matrix })), table: { columns: ["head", "effect"], rows: [["4.4", 0.551], ["5.1", -0.45]] } },
 { heading: "Attention", attention: d.att, figures: [viz.attentionFigure(d.att1)] } ], provenance: d.lens.provenance }));
