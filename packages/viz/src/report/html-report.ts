/** One self-contained HTML page from blocks, for callers. */
import { checkBlocks } from "@mlxterp/results";
import {
  checkOptions,
  checkText,
  InvalidArgumentError,
  type OptionNames,
} from "@mlxterp/results/errors";
import type { Report } from "./report.js";

/** What JSON cannot hold, such as a cycle or a bigint, is refused before anything is drawn. */
function checkJson(argument: string, value: unknown): void {
  try {
    JSON.stringify(value);
  } catch (cause) {
    const rule = "must be data that JSON can hold, such as the provenance of a result.";
    throw Object.assign(new InvalidArgumentError(argument, value, rule), { cause });
  }
}

const reportRules: OptionNames<Report> = {
  ...{ title: true, blocks: true },
  ...{ summary: checkText, command: checkText, provenance: checkJson },
};

/**
 * A page that needs no other file and no network: style, script and pictures are in it, and its own policy forbids to
 * load anything. Every text is escaped. Light or dark as the reader's system is set.
 * What draws is loaded with the first page.
 *
 * @returns an HTML document
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 * @example
 * const html = await htmlReport({
 *   title: "Who gets the ball?",
 *   blocks: [section("Parts", { kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "head 1.0", value: 2 }] })],
 *   provenance: { model: "tiny" },
 * });
 */
export async function htmlReport(report: Report): Promise<string> {
  checkOptions<Report>("htmlReport", report, reportRules);
  checkText("report.title", report.title);
  checkBlocks("report.blocks", report.blocks);
  const { reportPage } = await import("./report.js");
  return reportPage(report);
}
