/** What a reader of patching must know of its scale. */
import { formatNumber, type Note } from "@mlxterp/results";
import { isLoss } from "../shared/metrics.js";
import type { PatchBaseline } from "./result.js";

/** Effects are divided by the distance of the baselines; a small one makes large numbers of little. */
const near = 0.05;

export function baselineNotes(metric: string, baselines: readonly PatchBaseline[]): Note[] {
  const close = baselines.filter(
    ({ clean, corrupted }) =>
      Math.abs(clean - corrupted) < near * Math.max(Math.abs(clean), Math.abs(corrupted)),
  );
  const notes: Note[] = [];
  if (close.length > 0) {
    const [{ clean, corrupted }] = close;
    const text = `clean (${formatNumber(clean)}) and corrupted (${formatNumber(corrupted)}) nearly agree${baselines.length > 1 ? ` in ${close.length} of ${baselines.length} pairs` : ""}, so small changes look like large effects.`;
    notes.push({ code: "NEAR_BASELINES", text });
  }
  const worse = ({ clean, corrupted }: PatchBaseline) =>
    isLoss(metric) ? clean > corrupted : clean < corrupted;
  const turned = baselines.filter(worse).length;
  if (turned > 0) {
    const which = baselines.length > 1 ? ` in ${turned} of ${baselines.length} pairs` : "";
    const text = `the clean prompt scores ${isLoss(metric) ? "more" : "less"} than the corrupted one${which}: are the two exchanged?`;
    notes.push({ code: "TURNED_BASELINES", text });
  }
  return notes;
}
