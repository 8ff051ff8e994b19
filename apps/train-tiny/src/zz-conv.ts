import { writeFileSync } from "node:fs";
import { type MxArray, mx } from "@mlxterp/mlx";
import { Decoder } from "@mlxterp/models";
import { decoderConfig } from "./architecture.js";
import { draftFolder, publishDraft, writeCheckpoint, writeJson } from "./checkpoint.js";
import { drawQuestions } from "./questions.js";

const model = new Decoder(decoderConfig);
const w = mx.load(process.argv[2]) as Record<string, MxArray>;
function re(t: any, p = ""): any {
  if (t instanceof mx.array) return w[p];
  if (Array.isArray(t)) return t.map((c, i) => re(c, p ? `${p}.${i}` : `${i}`));
  return Object.fromEntries(Object.entries(t).map(([k, c]) => [k, re(c, p ? `${p}.${k}` : k)]));
}
model.update(re(model.parameters()));
const target = "/work/main/packages/models/weights/tiny";
const d = draftFolder(target);
await writeCheckpoint(model, d);
writeJson(d + "/abilities.json", drawQuestions(1));
writeFileSync(
  d + "/README.md",
  "# mlxterp tiny\n\nProvisional weights of a trial run; the card follows with the final ones.\n",
);
publishDraft(d, target);
