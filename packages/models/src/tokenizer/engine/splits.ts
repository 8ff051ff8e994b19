/** Dividing a text at what was found in it. */
import type { Match } from "../../patterns/pattern.js";

/** What becomes of a match. */
export type SplitBehavior =
  | "Removed"
  | "Isolated"
  | "MergedWithPrevious"
  | "MergedWithNext"
  | "Contiguous";

export const splitBehaviors: readonly SplitBehavior[] = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
];

interface Part extends Match {
  readonly isMatch: boolean;
}

/** @returns the parts of the text, none of them empty */
export function splitAt(
  text: string,
  found: readonly Match[],
  behavior: SplitBehavior,
  inverted = false,
): string[] {
  const parts = partsOf(text, found).map((part) =>
    inverted ? { ...part, isMatch: !part.isMatch } : part,
  );
  return merge(parts, behavior)
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => text.slice(start, end));
}

function partsOf(text: string, found: readonly Match[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { start, end } of found) {
    if (at < start) parts.push({ start: at, end: start, isMatch: false });
    parts.push({ start, end, isMatch: true });
    at = end;
  }
  if (at < text.length) parts.push({ start: at, end: text.length, isMatch: false });
  return parts;
}

function merge(parts: readonly Part[], behavior: SplitBehavior): readonly Match[] {
  switch (behavior) {
    case "Isolated":
      return parts;
    case "Removed":
      return parts.filter(({ isMatch }) => !isMatch);
    case "MergedWithNext":
      return joined([...parts].reverse(), (part, before) => part.isMatch && !before).reverse();
    case "MergedWithPrevious":
      return joined(parts, (part, before) => part.isMatch && !before);
    default:
      return joined(parts, (part, before) => part.isMatch === before);
  }
}

/** @param belongs whether a part joins the one before it, given whether that was a match; nothing before was none */
function joined(
  parts: readonly Part[],
  belongs: (part: Part, before: boolean) => boolean,
): Match[] {
  const found: { start: number; end: number }[] = [];
  let before = false;
  for (const part of parts) {
    const last = found[found.length - 1];
    if (last && belongs(part, before)) {
      last.start = Math.min(last.start, part.start);
      last.end = Math.max(last.end, part.end);
    } else {
      found.push({ start: part.start, end: part.end });
    }
    before = part.isMatch;
  }
  return found;
}
