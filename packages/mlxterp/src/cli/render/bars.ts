/** Bars on a terminal: to the right for more, to the left for less. */
import { type BarsBlock, formatNumber, visibleLine } from "@mlxterp/results";
import { paint, type Screen } from "../terminal/screen.js";
import { displayWidth, shorten, wrap } from "../terminal/text.js";
import { styleOf } from "./tones.js";

const longestLabel = 24;
const shortestBar = 8;

/** A heading, and one line for each bar. */
export function renderBars({ title, axis, bars }: BarsBlock, screen: Screen): string {
  const labels = bars.map(({ label }) => shorten(visibleLine(label), longestLabel));
  const numbers = bars.map(({ value, low, high }) =>
    low === undefined || high === undefined
      ? formatNumber(value)
      : `${formatNumber(value)} (${formatNumber(low)} to ${formatNumber(high)})`,
  );
  const label = Math.max(0, ...labels.map(displayWidth));
  const number = Math.max(0, ...numbers.map(displayWidth));
  const room = Math.max(shortestBar, Math.min(48, screen.width - label - number - 4));
  const finite = bars.map(({ value }) => (Number.isFinite(value) ? value : 0));
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const scale = room / (high - low || 1);
  const zero = Math.round(-low * scale);
  const lines = finite.map((value, index) => {
    const length = Math.max(value === 0 ? 0 : 1, Math.round(Math.abs(value) * scale));
    const start = value < 0 ? Math.max(0, zero - length) : zero;
    const bar = paint(screen, value < 0 ? "red" : "blue", "█".repeat(length));
    const left = labels[index] + " ".repeat(label - displayWidth(labels[index]));
    const right = numbers[index].padStart(number);
    return `${left}  ${right}  ${" ".repeat(start)}${bar}`.trimEnd();
  });
  const head = paint(screen, ["bold", "underline"], wrap(visibleLine(title), screen.width));
  return [head, paint(screen, styleOf("quiet"), visibleLine(axis)), ...lines].join("\n");
}
