/** Hands a file to the reader. */
import { toJson } from "@mlxterp/results";
import type { Answered } from "../api/api.js";

/** Offers a text as a file to be kept. */
export function saveFile(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Results as `--json` writes them: one, or a list. */
export function resultsToText(answered: readonly Answered[]): string {
  const results = answered.map(({ result }) => result);
  return `${toJson(results.length === 1 ? results[0] : results, 2)}\n`;
}
