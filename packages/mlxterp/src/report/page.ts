/** From the blocks of a command to one self-contained page. */
import type { Block } from "@mlxterp/results";
import { htmlReport } from "@mlxterp/viz";

/** What a command would put on a page. */
export interface PageContent {
  readonly title: string;
  /** Under the title. */
  readonly summary?: string;
  readonly blocks: readonly Block[];
  /** Where the numbers come from. */
  readonly provenance?: unknown;
  /** What makes it again. */
  readonly command?: string;
}

/** @returns an HTML document that loads nothing */
export function reportPage(content: PageContent): Promise<string> {
  return htmlReport(content);
}
