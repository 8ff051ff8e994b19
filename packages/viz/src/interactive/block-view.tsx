/** Any block as a component, and lists of them. */
import type { Block, GridBlock, TokensBlock } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { foldStrips, foldTitle, isFold } from "../folds/fold-strips.js";
import { Root } from "./parts/root.js";
import type { OnSelect } from "./parts/selection.js";
import type { ThemeChoice } from "./parts/use-theme.js";
import { AttentionView } from "./views/attention-view.js";
import { BarsView } from "./views/bars-view.js";
import { FeatureDashboard } from "./views/feature-dashboard.js";
import { GraphView } from "./views/graph-view.js";
import { HeatMap } from "./views/heat-map.js";
import { HistogramView } from "./views/histogram-view.js";
import { LensTable } from "./views/lens-table.js";
import { LinesView } from "./views/lines-view.js";
import { PatchingMap } from "./views/patching-map.js";
import { ScatterView } from "./views/scatter-view.js";
import { TableView } from "./views/table-view.js";
import { TokenStrip } from "./views/token-strip.js";

export interface Shared {
  /** Default: as the system is set. */
  readonly theme?: ThemeChoice;
  readonly onSelect?: OnSelect;
}

/**
 * Draws any block.
 *
 * @param props.onSelect is told what a reader chooses, as plain data
 */
export function BlockView({ block, theme, onSelect }: Shared & { readonly block: Block }) {
  return (
    <Root theme={theme}>
      <Drawn block={block} depth={2} onSelect={onSelect} />
    </Root>
  );
}

/**
 * Draws blocks below each other.
 *
 * @param props.depth of the headings around; sections begin one below
 */
export function BlocksView({
  blocks,
  theme,
  depth = 2,
  onSelect,
}: Shared & { readonly blocks: readonly Block[]; readonly depth?: number }) {
  return (
    <Root theme={theme}>
      <List blocks={blocks} depth={depth} onSelect={onSelect} />
    </Root>
  );
}

interface DrawnProps<B> {
  readonly block: B;
  readonly depth: number;
  readonly onSelect?: OnSelect;
}

/** Features and what is known of them belong together. */
function List({
  blocks,
  depth,
  onSelect,
}: Omit<DrawnProps<never>, "block"> & { readonly blocks: readonly Block[] }) {
  const shown = foldStrips(blocks.filter(({ only }) => only !== "terminal"));
  return (
    <>
      {shown.map((block, index) => {
        if (isFold(block)) return <Fold key={index} strips={block} onSelect={onSelect} />;
        const following = shown[index + 1];
        const next = following && !isFold(following) ? following : undefined;
        if (block.kind === "grid" && block.rowPlaces?.axis === "feature") {
          const table = next?.kind === "table" ? next : undefined;
          return <FeatureDashboard key={index} grid={block} table={table} onSelect={onSelect} />;
        }
        return <Drawn key={index} block={block} depth={depth} onSelect={onSelect} />;
      })}
    </>
  );
}

/** Strips are drawn when they are asked for. */
function Fold({ strips, onSelect }: Pick<Shared, "onSelect"> & { strips: readonly TokensBlock[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="mi-fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{foldTitle(strips)}</summary>
      {open &&
        strips.map((strip, index) => <TokenStrip key={index} block={strip} onSelect={onSelect} />)}
    </details>
  );
}

function Drawn({ block, depth, onSelect }: DrawnProps<Block>) {
  switch (block.kind) {
    case "section": {
      const Heading = `h${Math.min(6, depth + 1)}` as "h3";
      return (
        <section class="mi-section">
          <Heading>{block.title}</Heading>
          <List blocks={block.blocks} depth={depth + 1} onSelect={onSelect} />
        </section>
      );
    }
    case "text":
      return <p class={block.tone ? `mi-text mi-${block.tone}` : "mi-text"}>{block.text}</p>;
    case "tokens":
      return <TokenStrip block={block} onSelect={onSelect} />;
    case "table":
      return <TableView block={block} onSelect={onSelect} />;
    case "grid":
      return <Grid block={block} depth={depth} onSelect={onSelect} />;
    case "bars":
      return <BarsView block={block} onSelect={onSelect} />;
    case "lines":
      return <LinesView block={block} onSelect={onSelect} />;
    case "histogram":
      return <HistogramView block={block} onSelect={onSelect} />;
    case "scatter":
      return <ScatterView block={block} onSelect={onSelect} />;
    case "attention":
      return <AttentionView block={block} onSelect={onSelect} />;
    case "graph":
      return <GraphView block={block} onSelect={onSelect} />;
  }
}

/** What a grid carries says how it is read. */
function Grid({ block, onSelect }: DrawnProps<GridBlock>) {
  if (block.prompts) return <PatchingMap block={block} onSelect={onSelect} />;
  if (block.alternatives) return <LensTable block={block} onSelect={onSelect} />;
  return <HeatMap block={block} onSelect={onSelect} />;
}
