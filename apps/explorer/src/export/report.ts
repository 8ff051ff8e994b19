/** A run as one self-contained page. */
import { section } from "@mlxterp/results";
import { changeText } from "../changes/describe.js";
import type { HistoryLine } from "../state/desks.js";
import type { Explorer } from "../state/explorer.js";

/** @returns an HTML document; what draws it is loaded with the first one */
export async function reportOf(explorer: Explorer, line: HistoryLine): Promise<string> {
  const { htmlReport } = await import("@mlxterp/viz");
  const answered = explorer.results.value[line.id] ?? [];
  const changes = line.document.changes.filter(({ on }) => on).map((one) => changeText(one));
  const model = explorer.models.value.find(({ id }) => id === line.document.model);
  const summary = [`${model?.name ?? line.document.model}${changes.length > 0 ? `, with: ${changes.join("; ")}` : ", as it is"}.`]; // biome-ignore format: one text
  const blocks = answered.flatMap((one, at) =>
    answered.length === 1 ? one.blocks : [section(`Prompt ${at + 1}`, ...one.blocks)],
  );
  return htmlReport({
    title: line.text,
    summary: summary.join(" "),
    blocks,
    provenance: answered.map(({ result }) => result.provenance),
  });
}
