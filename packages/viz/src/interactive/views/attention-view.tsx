/** Who looks at whom: all heads of a layer at a glance, one of them in detail, and both directions of a token. */
import { type AttentionBlock, formatNumber, visibleToken } from "@mlxterp/results";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { colourOf, textOn } from "../../design/colour-of.js";
import { Figure, Legend } from "../parts/figure.js";
import { paintPattern } from "../parts/paint-pattern.js";
import type { ViewProps } from "../parts/selection.js";
import { TokenRow } from "../parts/token-row.js";
import { useTheme } from "../parts/use-theme.js";
import { type HeadPattern, strongest, type Weights, weightsOf } from "../parts/weights.js";
import { PatternMatrix } from "./pattern-matrix.js";

const scale = { kind: "sequential", domain: [0, 1] } as const;

/** A head, or the mean of its layer, or of all. */
type Shown = number | "layer" | "all";

export function AttentionView({ block, onSelect }: ViewProps<AttentionBlock>) {
  const { pieces, patterns, causal, open } = block;
  const size = pieces.length;
  const theme = useTheme();
  const layers = useMemo(() => [...new Set(patterns.map(({ layer }) => layer))], [patterns]);
  const [layerAt, setLayerAt] = useState(Math.max(0, layers.indexOf(open?.layer ?? layers[0])));
  const [shown, setShown] = useState<Shown>(open?.head ?? patterns[0]?.head ?? "all");
  const [focus, setFocus] = useState<number | undefined>();
  const [locked, setLocked] = useState<number>();
  const layer = layers[layerAt];
  const heads = patterns.filter((pattern) => pattern.layer === layer);
  const selected = shown === "all" ? patterns : heads.filter(({ head }) => shown === "layer" || head === shown); // biome-ignore format: one choice
  const used = selected.length > 0 ? selected : heads;
  const weights = useMemo(() => weightsOf(used, size), [layer, shown, patterns]);
  const name = shown === "all" ? "mean of all heads" : shown === "layer" || selected.length === 0 ? `mean of layer ${layer}` : `layer ${layer}, head ${shown}`; // biome-ignore format: one choice
  const centre = locked ?? focus;
  const colour = colourOf(scale, theme);
  const styleOf = (index: number) => {
    if (centre === undefined) return undefined;
    const looked = causal && index > centre ? 0 : weights(centre, index);
    const looking = causal && index < centre ? 0 : weights(index, centre);
    const ground = colour(Math.sqrt(looked));
    const bar = Math.round(6 * Math.sqrt(looking));
    return {
      background: ground,
      color: textOn(ground),
      boxShadow: bar > 0 ? `inset 0 -${bar}px 0 ${theme.counter}` : "none",
    };
  };
  const select = (query: number, key: number | undefined) =>
    onSelect?.({
      block,
      cell: { layer, ...(typeof shown === "number" && { head: shown }), query, ...(key !== undefined && { key }) }, // biome-ignore format: one object
      token: pieces[query],
      ...(key !== undefined && { value: weights(query, key) }),
    });
  const choose = (index: number, key?: number) => {
    setLocked(locked === index && key === undefined ? undefined : index);
    setFocus(index);
    select(index, key);
  };
  if (patterns.length === 0 || size === 0) return <p class="mi-quiet">No patterns.</p>;
  return (
    <Figure
      kind="attention"
      title="Attention"
      subtitle={`${name}${locked === undefined ? "" : `; ${visibleToken(pieces[locked])} is held, Escape lets go`}`}
      legend={<Legend scale={scale} label="weight (shades by its root)" />}
      reading={
        centre === undefined
          ? "Point at a token: what it looks at is coloured, who looks at it is underlined."
          : readingOf(block, weights, centre)
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape is for whatever is inside */}
      <div
        onKeyDown={(event) => {
          if (event.key === "Escape") setLocked(undefined);
        }}
      >
        {layers.length > 1 && (
          <label class="mi-control">
            layer {layer}
            <input
              type="range"
              min="0"
              max={layers.length - 1}
              value={layerAt}
              onInput={(event) => setLayerAt(Number(event.currentTarget.value))}
            />
          </label>
        )}
        <div class="mi-thumbnails">
          {heads.map(({ head }) => (
            <Thumbnail
              key={`${layer}.${head}`}
              name={`${layer}.${head}`}
              patterns={heads.filter((one) => one.head === head)}
              tokens={size}
              chosen={shown === head}
              onChoose={() => setShown(head)}
            />
          ))}
          {heads.length > 1 && (
            <Thumbnail key={`mean${layer}`} name="mean" patterns={heads} tokens={size} chosen={shown === "layer"} onChoose={() => setShown("layer")} /> // biome-ignore format: one element
          )}
          {layers.length > 1 && (
            <Thumbnail key="all" name="all" patterns={patterns} tokens={size} chosen={shown === "all"} onChoose={() => setShown("all")} /> // biome-ignore format: one element
          )}
        </div>
        <div class="mi-columns">
          <PatternMatrix
            name={name}
            pieces={pieces}
            weights={weights}
            cost={used.length}
            causal={causal}
            query={centre}
            onPoint={(query) => setFocus(query)}
            onChoose={choose}
          />
          <TokenRow
            label={`Tokens, ${name}`}
            pieces={pieces}
            styleOf={styleOf}
            titleOf={(index) => `${index}`}
            focus={centre}
            onFocus={(index) => {
              if (index !== undefined) setFocus(index);
            }}
            onChoose={choose}
          />
        </div>
      </div>
    </Figure>
  );
}

function readingOf({ pieces, causal }: AttentionBlock, weights: Weights, at: number): string {
  const looked = (key: number) => (causal && key > at ? 0 : weights(at, key));
  const looking = (query: number) => (causal && query < at ? 0 : weights(query, at));
  const list = (weightAt: (index: number) => number) =>
    strongest(weightAt, pieces.length)
      .map((index) => `${visibleToken(pieces[index])} (${index}) ${formatNumber(weightAt(index))}`)
      .join(", ");
  return `${visibleToken(pieces[at])} (${at}) looks at ${list(looked)}; looked at by ${list(looking)}`;
}

interface ThumbnailProps {
  readonly name: string;
  readonly patterns: readonly HeadPattern[];
  readonly tokens: number;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

const thumbnail = 64;

function Thumbnail({ name, patterns, tokens, chosen, onChoose }: ThumbnailProps) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  // a pattern never changes: only another design paints it again
  useEffect(() => {
    if (!canvas.current) return;
    const weights = weightsOf(patterns, tokens);
    return paintPattern(canvas.current, weights, tokens, thumbnail, theme, patterns.length);
  }, [theme, tokens]);
  return (
    <button type="button" class="mi-thumbnail" aria-pressed={chosen} onClick={onChoose}>
      <canvas ref={canvas} />
      <span>{name}</span>
    </button>
  );
}
