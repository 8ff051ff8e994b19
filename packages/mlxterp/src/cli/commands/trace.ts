/** `mlxterp trace`: one pass over a prompt, and what every chosen site holds. */
import type { Selector } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import type { Block } from "@mlxterp/results";
import { formatNumber } from "@mlxterp/results";
import { paragraph, table } from "../blocks.js";
import { defineCommand, promptOptions } from "../command.js";
import { interveneOption, readInterventions } from "../interventions.js";
import { texts } from "../options.js";
import { requirePrompt, tokensBlock, tokenTexts } from "../prompt.js";
import type { SiteStatistics } from "../site-statistics.js";

/** The residual stream and everything that is written to it. */
const mainSites: readonly Selector[] = [
  ...["embedTokens", "layers.0.input", "layers.*.selfAttn", "layers.*.mlp", "layers.*"],
  ...["finalNorm", "output"],
];

export const trace = defineCommand({
  name: "trace",
  summary: "Run a prompt and show the activations: shapes and statistics of every site",
  takesPrompt: true,
  options: {
    ...promptOptions,
    sites: texts("which sites, such as 'layers.*.selfAttn.z' or '**'", "selector"),
    intervene: interveneOption,
  },
  examples: [
    "'Mary and John went to the park'",
    "--sites '**' --json",
    "--intervene 'layers.1.mlp=zeroOut()'",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const model = await context.loadModel();
    const interventions = await readInterventions(model, options.intervene);
    const save = options.sites.length > 0 ? options.sites : mainSites;
    const cache = await model.run(context.promptFor(model, asked), { save, interventions });
    const { siteStatistics } = await import("../site-statistics.js");
    const found = inForwardOrder(await siteStatistics(cache, axesLookup(model)), model);
    const ids = cache.tokens?.ids[0] ?? [];
    const shown = { tokens: { ids, pieces: model.tokenizer?.pieces(ids) ?? ids.map(String) } };
    const blocks = traceBlocks(model, ids, found, options.intervene);
    return {
      data: {
        model: model.name,
        ...shown,
        interventions: options.intervene,
        sites: found,
      },
      blocks,
      report: { title: `Trace of ${model.name}`, blocks },
    };
  },
});

function axesLookup(model: LanguageModel) {
  const known = new Map(model.sites("**").map(({ site, axes }) => [site, axes]));
  return (site: string) => known.get(site.replace(/#\d+$/, ""));
}

/** Inputs before what is inside, a layer's own output after it; the logits last. */
function inForwardOrder(list: readonly SiteStatistics[], model: LanguageModel): SiteStatistics[] {
  const order = new Map(model.sites("**").map(({ site }, index) => [site, index]));
  const place = ({ site }: SiteStatistics): number => {
    const plain = site.replace(/#\d+$/, "");
    if (plain === "output") return Number.POSITIVE_INFINITY;
    if (plain.endsWith(".input")) return (order.get(plain.slice(0, -6)) ?? -1) - 0.5;
    return lastInside(plain, order);
  };
  return [...list].sort((a, b) => place(a) - place(b));
}

/** A module's output comes when everything inside it is done. */
function lastInside(site: string, order: ReadonlyMap<string, number>): number {
  let last = order.get(site) ?? 0;
  for (const [other, index] of order)
    if (other.startsWith(`${site}.`)) last = Math.max(last, index);
  return last + 0.25 / (1 + site.split(".").length);
}

function traceBlocks(
  model: LanguageModel,
  ids: readonly number[],
  found: readonly SiteStatistics[],
  interventions: readonly string[],
): Block[] {
  const total = model.sites("**").length;
  const changed = interventions.length > 0 ? ` Changed: ${interventions.join("; ")}.` : "";
  return [
    tokensBlock(tokenTexts(model, ids)),
    table({
      columns: [
        ...[{ title: "site" }, { title: "shape" }],
        ...["mean", "std", "min", "max", "norm at last"].map(
          (title) => ({ title, align: "right" }) as const,
        ),
      ],
      rows: found.map(statisticsRow),
      widest: 40,
    }),
    paragraph(
      `${found.length} values of ${model.name}, which has ${total} sites (--sites '**' shows all).${changed}`,
      "quiet",
    ),
  ];
}

function statisticsRow(value: SiteStatistics): string[] {
  const { site, shape, mean, standardDeviation, minimum, maximum, lastNorm } = value;
  const norm = lastNorm === null ? "" : formatNumber(lastNorm);
  const numbers = [mean, standardDeviation, minimum, maximum].map(formatNumber);
  return [site, `[${shape.join(", ")}]`, ...numbers, norm];
}
