/** Sites as text, one a line: name, shape, dtype, bytes. */
import { formatBytes } from "./byte-size.js";

interface ListedSite {
  readonly site: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
}

export function siteLines(sites: readonly ListedSite[]): string {
  const width = Math.max(0, ...sites.map(({ site }) => site.length));
  return sites
    .map(({ site, shape, dtype, bytes }) => {
      return `${site.padEnd(width)}  [${shape.join(", ")}] ${dtype}, ${formatBytes(bytes)}`;
    })
    .join("\n");
}
