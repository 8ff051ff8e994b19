/** docs/families.md and the table of families in FEATURES.md, made from what was measured. */
import { existsSync, readFileSync } from "node:fs";
import { families } from "../families/index.js";
import { type FamilyResult, resultTolerances } from "./family-results.js";
import { publishedModels } from "./published-models.js";
import { settingNames } from "./reference-folders.js";

export const featuresFile = new URL("../../../../FEATURES.md", import.meta.url);
export const familiesFile = new URL("../../../../docs/families.md", import.meta.url);

const marks = ["<!-- families:start -->", "<!-- families:end -->"] as const;
const columns = ["hidden", "attention", "logits", "padded", "gradient", "folded"] as const;

/** A check mark or a cross and the largest difference; a dash for what a family does not have. */
function cell(result: FamilyResult, column: (typeof columns)[number]): string {
  const difference = result[column];
  if (difference === undefined) return "–";
  const mark = difference < resultTolerances[column] ? "✅" : "❌";
  return `${mark} ${difference.toExponential(0)}`;
}

function row(result: FamilyResult): string {
  const { checkpoint, modelType, cached, recomputed } = result;
  const name =
    checkpoint === modelType ? `\`${modelType}\`` : `\`${modelType}\` (\`${checkpoint}\`)`;
  const generated = cached && recomputed ? "✅" : "❌";
  const generation = cached === undefined ? "–" : generated;
  const cells = columns.map((column) => cell(result, column));
  return `| ${[name, ...cells, generation].join(" | ")} |`;
}

/** The whole table in Markdown. */
function familyTable(results: readonly FamilyResult[]): string {
  const titles = ["family", ...columns, "generation"];
  return [
    `| ${titles.join(" | ")} |`,
    `|${titles.map(() => "---|").join("")}`,
    ...results.map(row),
  ].join("\n");
}

/** FEATURES.md with the table between its marks replaced. */
export function replaceTable(text: string, results: readonly FamilyResult[]): string {
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start < 0 || end < start) throw new RangeError(`The text lacks ${marks.join(" … ")}.`);
  return `${text.slice(0, start)}${marks[0]}\n${familyTable(results)}\n${text.slice(end)}`;
}

/** What a family is, as its source begins; of which settings there are references; whether GGUF files hold it. */
function description(modelType: string): string {
  const folder = new URL(`../families/${modelType}/`, import.meta.url);
  const source = readFileSync(new URL("family.ts", folder), "utf8");
  const [, sentence = ""] = /^\/\*\*\s*(?:\* )?(.*?)\s*\*\//s.exec(source) ?? [];
  const text = sentence.replace(/\s*\n \* ?/g, " ").replace(/ \(`model_type:[^)]*\)/, "");
  const settings = settingNames
    .filter((name) => name.startsWith(`${modelType}/`))
    .map((name) => `\`${name.slice(modelType.length + 1)}\``);
  const gguf = existsSync(new URL("gguf.ts", folder)) ? "✅" : "–";
  const configs = configsOf(modelType);
  return `| \`${modelType}\` | ${text.replaceAll("|", "\\|")} | ${settings.join(", ") || "–"} | ${configs} | ${gguf} |`;
}

/** How many of published models, and of what the class can say besides. */
function configsOf(modelType: string): string {
  const own = publishedModels.filter((model) => model.modelType === modelType);
  const options = own.filter(({ name }) => name.startsWith("option: ")).length;
  return options > 0 ? `${own.length - options} + ${options}` : `${own.length || "–"}`;
}

const head = `# Families

Which models are read, by the \`model_type\` of their config.json, and how far each is from \`transformers\`. This page is written by
\`node scripts/features.mjs\`, which measures; how to add a family: [add-a-family.md](contributing/add-a-family.md).

## What they are

The settings are those in which published models of a family differ; each has a reference checkpoint of its own in
\`packages/models/references\`, whose logits and hidden states are compared as well. Configs read are config.json files of published models, in
the family's \`published.json\`: each has as many parameters and turns positions as \`transformers\` makes of it. Behind a plus are files of what
the class can say besides, of newer families of which fewer than ten models are published; they are read so too, or refused by name.

| family | what it is | settings compared | configs read | GGUF |
|---|---|---|---|---|
`;

const measured = `## How far they are

The largest absolute difference from \`transformers\` in float32 on a tiny random checkpoint. ✅ means below 1e-4 (attention: 1e-5); – is
what a family does not have. \`llama/sequence\` and the like are classifiers and embedding models, whose "logits" are scores or vectors.

| column | what is compared |
|---|---|
| hidden | the input of layer 0, every layer's output, and the final norm's |
| attention | patterns, read beside the kernel and computed in its place |
| logits | of whole prompts |
| padded | of prompts of different length, at their real tokens |
| gradient | of a difference of logits, at the input of layer 1 |
| folded | logits of \`model.folded()\` |
| generation | greedy continuations with and without a cache: the same tokens |
`;

/** docs/families.md. */
export function familiesPage(results: readonly FamilyResult[]): string {
  const descriptions = families
    .map(({ modelType }) => modelType)
    .sort()
    .map(description);
  return `${head}${descriptions.join("\n")}\n\n${measured}\n${familyTable(results)}\n`;
}
