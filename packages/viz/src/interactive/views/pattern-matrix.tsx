/** One pattern as a square: queries from top to bottom, keys from left to right. */
import { formatNumber, visibleToken } from "@mlxterp/results";
import { useEffect, useRef, useState } from "preact/hooks";
import { moveBy } from "../parts/move-by.js";
import { paintPattern } from "../parts/paint-pattern.js";
import { Tip } from "../parts/tip.js";
import { useWidth } from "../parts/use-canvas.js";
import { useTheme } from "../parts/use-theme.js";
import type { Weights } from "../parts/weights.js";

interface PatternMatrixProps {
  readonly name: string;
  readonly pieces: readonly string[];
  readonly weights: Weights;
  /** How many patterns a weight is the mean of. */
  readonly cost: number;
  readonly causal: boolean;
  /** The row that is marked. */
  readonly query: number | undefined;
  readonly onPoint: (query: number) => void;
  readonly onChoose: (query: number, key: number) => void;
}

/** At most, in pixels; less where there is no room. */
const side = 340;

interface Pair {
  readonly query: number;
  readonly key: number;
}

export function PatternMatrix(props: PatternMatrixProps) {
  const { name, pieces, weights, cost, causal, query, onPoint, onChoose } = props;
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const room = useWidth(stage) || side;
  const [pair, setPair] = useState<Pair>();
  const size = pieces.length;
  const cell = room / size;
  useEffect(() => {
    if (!canvas.current) return;
    return paintPattern(canvas.current, weights, size, 2 * side, theme, cost);
  }, [weights, size, theme]);
  const point = (next: Pair | undefined) => {
    if (next?.query === pair?.query && next?.key === pair?.key) return;
    setPair(next);
    if (next) onPoint(next.query);
  };
  const atPointer = (event: PointerEvent | MouseEvent): Pair | undefined => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return undefined;
    const place = (offset: number) => Math.max(0, Math.min(size - 1, Math.floor((offset / box.width) * size))); // biome-ignore format: one number
    const found = { query: place(event.clientY - box.top), key: place(event.clientX - box.left) };
    return causal && found.key > found.query ? undefined : found;
  };
  const onKey = (event: KeyboardEvent) => {
    const at = pair ?? { query: query ?? size - 1, key: 0 };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return onChoose(at.query, at.key);
    }
    const moved = moveBy(
      event.key,
      { row: at.query, column: at.key },
      { rows: size, columns: size },
    );
    if (!moved) return;
    event.preventDefault();
    point({ query: moved.row, key: causal ? Math.min(moved.row, moved.column) : moved.column });
  };
  const row = pair?.query ?? query;
  return (
    <div class="mi-stage mi-matrix" ref={stage} style={{ width: `${side}px` }}>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture that takes keys is no fieldset */}
      <div
        role="group"
        aria-roledescription="attention pattern"
        aria-label={`Pattern of ${name}: rows look, columns are looked at. Arrow keys move, Enter holds.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: cells are reached by keys
        tabIndex={0}
        onKeyDown={onKey}
        onPointerMove={(event) => point(atPointer(event))}
        onPointerLeave={() => point(undefined)}
        onClick={(event) => {
          const found = atPointer(event);
          if (found) onChoose(found.query, found.key);
        }}
      >
        <canvas ref={canvas} class="mi-pixels" />
        {row !== undefined && (
          <i
            class="mi-line"
            style={{ top: `${row * cell}px`, height: `${Math.max(1, cell)}px`, width: "100%" }}
          />
        )}
        {pair && (
          <i
            class="mi-line"
            style={{
              left: `${pair.key * cell}px`,
              width: `${Math.max(1, cell)}px`,
              height: "100%",
            }}
          />
        )}
      </div>
      {pair && (
        <Tip
          x={(pair.key + 0.5) * cell}
          y={(pair.query + 0.5) * cell}
          room={room}
          lines={[
            `${visibleToken(pieces[pair.query])} (${pair.query}) → ${visibleToken(pieces[pair.key])} (${pair.key})`,
            formatNumber(weights(pair.query, pair.key)),
          ]}
        />
      )}
    </div>
  );
}
