/** What a patch changes, place by place, below the prompts that are compared and what is said after them. */
import { type ComparedPrompt, formatPercent, type GridBlock, visibleToken } from "@mlxterp/results";
import { useState } from "preact/hooks";
import type { CellPlace } from "../parts/heat-layout.js";
import type { ViewProps } from "../parts/selection.js";
import { HeatMap } from "./heat-map.js";

export function PatchingMap({ block, onSelect }: ViewProps<GridBlock>) {
  const [pointed, setPointed] = useState<CellPlace>();
  const { prompts = [], columnPlaces, alternatives } = block;
  const alike = new Set(prompts.map(({ pieces }) => pieces.length)).size === 1;
  const at = columnPlaces?.axis === "position" && pointed && columnPlaces.at[pointed.column];
  const here = pointed && alternatives?.[pointed.row][pointed.column]?.[0];
  return (
    <HeatMap block={block} onSelect={onSelect} onPoint={setPointed}>
      {prompts.length > 0 && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what is out of sight is reached by keys
        <div class="mi-prompts" role="group" aria-label="The prompts" tabIndex={0}>
          {prompts.map((prompt, index) => (
            <Strip
              key={prompt.label}
              prompt={prompt}
              differs={(piece) => alike && prompts.some(({ pieces }) => pieces[piece] !== prompt.pieces[piece])} // biome-ignore format: one attribute
              pointed={alike || index === 0 ? at : undefined}
            />
          ))}
          {alternatives && (
            <div class="mi-strip">
              <b>then says</b>
              {prompts.map(
                ({ label, says }) => says && <Says key={label} label={label} {...says} />,
              )}
              {here && <Says label="patched here" {...here} chosen />}
            </div>
          )}
        </div>
      )}
    </HeatMap>
  );
}

interface StripProps {
  readonly prompt: ComparedPrompt;
  readonly differs: (piece: number) => boolean;
  readonly pointed: number | string | null | undefined | false;
}

function Strip({ prompt: { label, pieces }, differs, pointed }: StripProps) {
  return (
    <div class="mi-strip">
      <b>{label}</b>
      {pieces.map((piece, index) => (
        <bdi
          key={`${index}${piece}`}
          class={`mi-piece ${differs(index) ? "mi-differs" : ""} ${pointed === index ? "mi-pointed" : ""}`}
        >
          {visibleToken(piece)}
        </bdi>
      ))}
    </div>
  );
}

interface SaysProps {
  readonly label: string;
  readonly text: string;
  readonly probability: number;
  readonly chosen?: boolean;
}

function Says({ label, text, probability, chosen }: SaysProps) {
  return (
    <span class={chosen ? "mi-says mi-chosen" : "mi-says"}>
      {label} <bdi class="mi-piece">{text}</bdi> {formatPercent(probability)}
    </span>
  );
}
