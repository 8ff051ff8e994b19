/** `mlxterp sites`: the places of a model that can be read or changed. */
import type { Scan, ScannedSite, SiteInfo } from "@mlxterp/core";
import type { Block } from "@mlxterp/results";
import { texts } from "../arguments/options.js";
import { requirePrompt } from "../arguments/prompt.js";
import { paragraph, table } from "../blocks/blocks.js";
import { defineCommand, type Outcome, promptOptions } from "../verbs/command.js";

interface ListedSite {
  readonly site: string;
  readonly axes: string;
  readonly holds: string;
}

export const sites = defineCommand({
  name: "sites",
  summary: "List the places of a model that can be read or changed; for a prompt, their shapes",
  takesPrompt: "optional",
  options: { ...promptOptions, sites: texts("a site or selector; default **", "selector") },
  examples: [
    "",
    "'Mary and John' --sites 'layers.0.**'",
    "--sites 'layers.*.selfAttn.pattern' --json",
  ],
  async run({ options, prompt }, context) {
    const model = await context.loadModel(undefined, { lazy: true }); // names and shapes need no weights
    const selectors = options.sites.length > 0 ? options.sites : ["**"];
    if (prompt !== undefined || options.tokens !== undefined) {
      const asked = requirePrompt({ ...options, prompt });
      return scanOutcome(model.name, model.scan(context.promptFor(model, asked)), selectors);
    }
    const found = selectors.flatMap((selector) => model.sites(selector));
    const list = found.map(listed);
    const blocks = sitesBlocks(list, selectors);
    return {
      data: { model: model.name, sites: found },
      blocks,
      report: { title: `Sites of ${model.name}`, blocks },
    };
  },
});

/** What it holds is followed by the names that others have for it. */
function listed({ site, axes, holds = "", otherNames }: SiteInfo): ListedSite {
  const names = otherNames.length > 0 ? `(${otherNames.join(", ")})` : "";
  const text = [holds, names].filter((part) => part !== "").join(" ");
  return { site, axes: axes ? `(${axes.join(", ")})` : "", holds: text };
}

/** Shapes and bytes; nothing is computed for them. */
function scanOutcome(name: string, scan: Scan, selectors: readonly string[]): Outcome {
  const found = scan.select(selectors);
  const bytes = scan.bytes(selectors);
  const blocks = [
    paragraph(
      `Saving all ${found.length} sites that match ${selectors.join(" ")} takes ${grouped(bytes)} bytes.`,
    ),
    table({
      columns: [
        ...[{ title: "site" }, { title: "shape" }, { title: "dtype" }],
        { title: "bytes", align: "right" } as const,
      ],
      rows: found.map(scannedRow),
      widest: 60,
    }),
  ];
  const data = { model: name, tokens: scan.tokens?.ids[0], bytes, sites: found };
  return { data, blocks, report: { title: `Shapes in ${name}`, blocks } };
}

function scannedRow({ site, shape, dtype, bytes }: ScannedSite): string[] {
  return [site, `[${shape.join(", ")}]`, dtype, grouped(bytes)];
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}

function sitesBlocks(list: readonly ListedSite[], selectors: readonly string[]): Block[] {
  return [
    paragraph(
      `${list.length} sites match ${selectors.join(" ")}. Each also has an .input, and works in --sites and --intervene, as do the names of TransformerLens in brackets.`,
    ),
    table({
      columns: [{ title: "site" }, { title: "axes of its value" }, { title: "what it holds" }],
      rows: list.map(({ site, axes, holds }) => [site, axes, holds]),
      widest: 100,
    }),
  ];
}
