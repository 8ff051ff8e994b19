/** Tokens as they stand in a text; of long ones a window, so that pointing stays quick. */
import { visibleToken } from "@mlxterp/results";
import { useEffect, useRef, useState } from "preact/hooks";
import { moveBy } from "./move-by.js";

/** How many are in the page at once. */
const windowSize = 384;
/** In ms. */
const patience = 150;

export interface TokenRowProps {
  readonly label: string;
  readonly pieces: readonly string[];
  /** How one looks. */
  readonly styleOf?: (index: number) => Readonly<Record<string, string>> | undefined;
  readonly titleOf?: (index: number) => string;
  readonly focus?: number;
  /** Pointed at, or reached by keys. */
  readonly onFocus?: (index: number | undefined) => void;
  readonly onChoose?: (index: number) => void;
}

/** Arrow keys move from token to token; one of them is in the order of tabs. */
export function TokenRow(props: TokenRowProps) {
  const { label, pieces, styleOf, titleOf, focus, onFocus, onChoose } = props;
  const row = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState(0);
  const end = Math.min(pieces.length, start + windowSize);
  useEffect(() => {
    if (focus === undefined || (focus >= start && focus < end)) return;
    // a pointer that only passes moves no window
    const timer = setTimeout(() => setStart(windowOf(focus, pieces.length)), patience);
    return () => clearTimeout(timer);
  }, [focus]);
  const stop = focus !== undefined && focus >= start && focus < end ? focus : start;
  const onKey = (event: KeyboardEvent) => {
    const at = Number((event.target as HTMLElement).dataset.index ?? stop);
    const moved = moveBy(event.key, { row: 0, column: at }, { rows: 1, columns: pieces.length });
    if (!moved || moved.column === at) return;
    event.preventDefault();
    setStart((now) =>
      moved.column >= now && moved.column < now + windowSize
        ? now
        : windowOf(moved.column, pieces.length),
    );
    onFocus?.(moved.column);
    requestAnimationFrame(() =>
      row.current?.querySelector<HTMLElement>(`[data-index="${moved.column}"]`)?.focus(),
    );
  };
  return (
    <div class="mi-tokens">
      {pieces.length > windowSize && (
        <Pager start={start} end={end} total={pieces.length} onStart={setStart} />
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div
        class="mi-token-row"
        ref={row}
        role="group"
        aria-label={label}
        onKeyDown={onKey}
        onPointerLeave={() => onFocus?.(undefined)}
      >
        {pieces.slice(start, end).map((piece, offset) => {
          const index = start + offset;
          return (
            <button
              type="button"
              key={offset}
              data-index={index}
              class={index === focus ? "mi-token mi-chosen" : "mi-token"}
              aria-pressed={index === focus}
              tabIndex={index === stop ? 0 : -1}
              title={titleOf?.(index)}
              style={styleOf?.(index)}
              onPointerEnter={() => onFocus?.(index)}
              onFocus={() => onFocus?.(index)}
              onClick={() => onChoose?.(index)}
            >
              <bdi>{visibleToken(piece)}</bdi>
            </button>
          );
        })}
      </div>
    </div>
  );
}

function windowOf(index: number, length: number): number {
  return Math.max(0, Math.min(length - windowSize, index - windowSize / 2));
}

interface PagerProps {
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly onStart: (start: number) => void;
}

function Pager({ start, end, total, onStart }: PagerProps) {
  return (
    <label class="mi-control">
      tokens {start} to {end - 1} of {total}
      <input
        type="range"
        min="0"
        max={total - windowSize}
        value={start}
        onInput={(event) => onStart(Number(event.currentTarget.value))}
      />
    </label>
  );
}
