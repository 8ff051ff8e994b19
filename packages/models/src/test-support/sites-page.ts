/** The page of all sites, read off the trees of reference checkpoints that together have every part. */
import { fileURLToPath } from "node:url";
import type { InterpretableModel, SiteInfo } from "@mlxterp/core";
import type { Module } from "@mlxterp/mlx";
import { EncoderDecoderModel, ImageTextModel, loadModel, StreamsModel } from "../index.js";
import { MaskedLanguageModel } from "../masked-model/masked-language-model.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { recurrentFolders, referenceFolder, referenceFolders } from "./reference-folders.js";

export const sitesFile = fileURLToPath(new URL("../../../../docs/sites.md", import.meta.url));

const head = `# Sites

Every place that can be read and changed. This page is written by \`node scripts/sites.mjs\`, from what the modules say of themselves;
\`model.sites()\` tells the same of your own model. \`i\` is a layer, and axes are outermost first.

All of them can be read (\`save\`, a trace, \`gradients\`) and changed (interventions, edits), and reading one never changes the computation by
a bit. A name in the last column is taken wherever a site is: it means the same tensor, with the same effect when it is changed. Its
axes are those given here, which differ from TransformerLens's for queries and keys.
`;

interface Row {
  readonly site: string;
  readonly axes: string;
  readonly holds: string;
  readonly hooks: readonly string[];
}

/** \`layers.0.mlp\` and \`layers.1.mlp\` are one row, as are the names that they have in TransformerLens. */
const anyLayer = (name: string) => name.replace(/\b(layers|blocks)\.\d+/g, "$1.i");

/** Outputs in the order of the tree, each after its input where that is described. */
function listed<M extends Module>(model: InterpretableModel<M>): SiteInfo[] {
  const inputs = new Map(model.sites("**.input" as string).map((one) => [one.site, one] as const));
  return [...model.sites("**" as string), ...model.sites("output" as string)].flatMap((output) => {
    const input = inputs.get(`${output.site}.input`);
    return input?.holds ? [{ ...input, axes: input.axes ?? output.axes }, output] : [output];
  });
}

function addRows(rows: Map<string, Row>, sites: readonly SiteInfo[]): void {
  for (const { site, axes, holds = "", otherNames } of sites) {
    const name = anyLayer(site);
    const earlier = rows.get(name)?.hooks ?? [];
    const hooks = [...new Set([...earlier, ...otherNames.map(anyLayer)])];
    rows.set(name, { site: name, axes: axes?.join(", ") ?? "", holds, hooks });
  }
}

function table(rows: Iterable<Row>): string {
  const lines = [...rows].map(
    ({ site, axes, holds, hooks }) =>
      `| \`${site}\` | ${axes} | ${holds} | ${hooks.map((hook) => `\`${hook}\``).join(" ")} |`,
  );
  return ["| site | axes | what it holds | TransformerLens |", "|---|---|---|---|", ...lines].join("\n"); // biome-ignore format: one table
}

function section(title: string, note: string, sites: readonly SiteInfo[]): string {
  const rows = new Map<string, Row>();
  addRows(rows, sites);
  const described = [...rows.values()].filter(
    ({ holds, hooks }) => holds !== "" || hooks.length > 0,
  );
  const others = [...rows.values()].filter((row) => !described.includes(row));
  const modules = others.map(({ site }) => `\`${site}\``).join(", ");
  return `## ${title}\n\n${note}\n\n${table(described)}\n\nThe modules around them are sites as well: ${modules}.\n`;
}

/** The whole page in Markdown. */
export async function sitesPage(): Promise<string> {
  const decoders: SiteInfo[] = [];
  for (const { folder } of referenceFolders()) decoders.push(...listed(await loadModel(folder)));
  const bert = await loadModel(referenceFolder("bert/base"), { as: MaskedLanguageModel });
  const t5 = await loadModel(referenceFolder("t5/written-gated"), { as: EncoderDecoderModel });
  const clip = await loadModel(referenceFolder("clip/compared"), { as: ImageTextModel });
  const streams = await loadModel(referenceFolder("gemma3n_text/base"), { as: StreamsModel });
  const recurrent: SiteInfo[] = [];
  for (const { folder } of recurrentFolders()) {
    recurrent.push(...listed(await loadModel(folder, { as: RecurrentModel })));
  }
  return [
    head,
    section(
      "Decoders",
      "A family has those of its parts; the same name never means another tensor in another family. `mlpHidden` stands after `topK` in mixtures of experts.",
      decoders,
    ),
    section(
      "Encoders (`bert`)",
      "TransformerLens's names for encoders are not taken.",
      listed(bert),
    ),
    section(
      "Encoder-decoders (`t5`)",
      "Sites of the text that is read begin with `encoder`, those of the one that is written with `decoder`, whose positions are the axis `target`.",
      listed(t5),
    ),
    section(
      "Texts and pictures (`clip`)",
      "Prompts are texts; sites of pictures begin with `vision`, and have the axes `images` and `patches`.",
      listed(clip),
    ),
    section(
      "Several residual streams (`gemma3n_text`)",
      "Layers read and give all streams; what stands inside them is of the first. Layers whose keys and values are an earlier one's have no sites of them.",
      listed(streams),
    ),
    section(
      "Recurrent and hybrid models",
      "Layers remember in a `mixer`, attend in `selfAttn`, or do both. Mixers have one scheme of sites: what is `decay`ed and `write`n makes the `state`, what is `read` from it passes the `gate` and is `post`; each family has those of its parts.",
      recurrent,
    ),
  ].join("\n");
}
