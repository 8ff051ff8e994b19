/** `mlxterp sites`: the places of a model that can be read or changed. */
import { type Block, paragraph, table } from "../blocks.js";
import { defineCommand, sharedOptions } from "../command.js";
import { texts } from "../options.js";

interface ListedSite {
  readonly site: string;
  readonly axes: string;
}

export const sites = defineCommand({
  name: "sites",
  summary: "List the places of a model that can be read or changed",
  takesPrompt: false,
  options: { ...sharedOptions, sites: texts("a site or selector; default **", "selector") },
  examples: ["", "--sites 'layers.0.**'", "--sites 'layers.*.selfAttn.pattern' --json"],
  async run({ options }, context) {
    const model = await context.loadModel(options.model);
    const selectors = options.sites.length > 0 ? options.sites : ["**"];
    const found = selectors.flatMap((selector) => model.sites(selector));
    const list = found.map(({ site, axes }): ListedSite => {
      return { site, axes: axes ? `(${axes.join(", ")})` : "" };
    });
    const blocks = sitesBlocks(list, selectors);
    return {
      data: { model: model.name, sites: found },
      blocks,
      report: { title: `Sites of ${model.name}`, blocks },
    };
  },
});

function sitesBlocks(list: readonly ListedSite[], selectors: readonly string[]): Block[] {
  return [
    paragraph(
      `${list.length} sites match ${selectors.join(" ")}. Each also has an .input, and works in --sites and --intervene.`,
    ),
    table({
      columns: [{ title: "site" }, { title: "axes of its value" }],
      rows: list.map(({ site, axes }) => [site, axes]),
      fixed: 2,
      widest: 60,
    }),
  ];
}
