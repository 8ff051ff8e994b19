/** Tables in Markdown, cut to what a reader of text can use. */

const mostRows = 24;
const mostColumns = 12;

/** Whatever a table would take for its own: bars, and line ends. */
function cellText(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
}

/** A table; of more rows or columns than are shown, it says how many there are. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const columns = header.slice(0, mostColumns);
  const line = (cells: readonly string[]) =>
    `| ${cells.slice(0, mostColumns).map(cellText).join(" | ")} |`;
  const shown = rows.slice(0, mostRows).map(line);
  return [
    line(columns),
    `|${columns.map(() => "---").join("|")}|`,
    ...shown,
    ...left(rows.length - shown.length, "rows"),
    ...left(header.length - columns.length, "columns"),
  ].join("\n");
}

function left(count: number, what: string): string[] {
  return count > 0 ? ["", `… and ${count} more ${what}.`] : [];
}
