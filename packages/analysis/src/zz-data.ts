import { writeFileSync } from "node:fs";
import { loadModel } from "@mlxterp/models";
import { activationPatching, attentionPatterns, directLogitAttribution, headTypes, logitLens, resultToJSON } from "./index.js";
const model = await loadModel("/work/shared/data/models/stories15M");
const clean = "Tom and Sue went to the park. Sue gave a ball to", corrupted = "Sue and Tom went to the park. Tom gave a ball to";
const out = {
  lens: await logitLens(model, clean, { answer: " Tom" }),
  lensPlain: await logitLens(model, "Once upon a time, there was a little girl named Lily. <script>alert('x')</script>\nShe loved to play outside in the big & \"green\" park with her friends every day"),
  patch: await activationPatching(model, { clean, corrupted, answer: " Tom", wrongAnswer: " Sue", sites: ["residual","attention","mlp","head"] }),
  noise: await activationPatching(model, { clean, corrupted, answer: " Tom", wrongAnswer: " Sue", direction: "noising" }),
  dla: await directLogitAttribution(model, clean, { answer: " Tom", wrongAnswer: " Sue" }),
  types: await headTypes(model, {sequences: 4}),
  att: await attentionPatterns(model, clean),
  att1: await attentionPatterns(model, clean, { layers: [5], heads: [1] }),
  att4: await attentionPatterns(model, clean, { layers: [4] }),
};
writeFileSync("/tmp/figs/data.json", resultToJSON(out));
