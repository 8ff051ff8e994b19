/** What a patch changes, place by place, below the prompts that are compared. */
import { formatPercent, type GridBlock, visibleToken } from "@mlxterp/results";
import { useState } from "preact/hooks";
import type { CellPlace } from "../parts/heat-layout.js";
import type { ViewProps } from "../parts/selection.js";
import { HeatMap } from "./heat-map.js";

export function PatchingMap({ block, onSelect }: ViewProps<GridBlock>) {
  const [pointed, setPointed] = useState<CellPlace>();
  const { prompts = [] } = block;
  const says = pointed && block.alternatives?.[pointed.row][pointed.column];
  const differs = (column: number) => new Set(prompts.map(({ pieces }) => pieces[column])).size > 1;
  return (
    <HeatMap block={block} onSelect={onSelect} onPoint={setPointed}>
      {prompts.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is out of sight is reached by keys
        <div class="mi-prompts" role="group" aria-label="The prompts" tabIndex={0}>
          {prompts.map(({ label, pieces }) => (
            <div class="mi-strip" key={label}>
              <b>{label}</b>
              {pieces.map((piece, column) => (
                <bdi
                  key={`${column}${piece}`}
                  class={`mi-piece ${differs(column) ? "mi-differs" : ""} ${pointed?.column === column ? "mi-pointed" : ""}`}
                >
                  {visibleToken(piece)}
                </bdi>
              ))}
            </div>
          ))}
          {says?.[0] && (
            <div class="mi-strip">
              <b>then says</b>
              {says.slice(0, 3).map(({ text, probability }) => (
                <span class="mi-piece" key={text}>
                  <bdi>{text}</bdi> {formatPercent(probability)}
                </span>
              ))}
            </div>
          )}
        </div>
      )}
    </HeatMap>
  );
}
