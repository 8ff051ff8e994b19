/** What can be taken away from a run: a page, a program, the data. */

import { programOf } from "../export/program-of.js";
import { reportOf } from "../export/report.js";
import { resultsToText, saveFile } from "../export/save-file.js";
import type { HistoryLine } from "../state/desks.js";
import { usePage } from "./context.js";

export function RunActions({ line }: { readonly line: HistoryLine }) {
  const { explorer } = usePage();
  const name = `${line.run?.method ?? "run"}-${new Date(line.time).toISOString().slice(0, 19).replaceAll(":", "")}`;
  const fail = (error: Error) => {
    explorer.problem.value = error.message;
  };
  const report = () =>
    reportOf(explorer, line).then((page) => saveFile(`${name}.html`, page, "text/html"));
  const program = () =>
    programOf(explorer, line).then((code) => saveFile(`${name}.ts`, code, "text/typescript"));
  const data = () =>
    saveFile(
      `${name}.json`,
      resultsToText(explorer.results.value[line.id] ?? []),
      "application/json",
    );
  return (
    <div class="take">
      <button
        type="button"
        class="quiet"
        title="One self-contained page"
        onClick={() => void report().catch(fail)}
      >
        Report
      </button>
      <button
        type="button"
        class="quiet"
        title="A program that repeats this run"
        onClick={() => void program().catch(fail)}
      >
        TypeScript
      </button>
      <button
        type="button"
        class="quiet"
        title="The numbers; mlxterp rerun reads them"
        onClick={data}
      >
        JSON
      </button>
    </div>
  );
}
