/** What stands beside the pointer: lines of text, and bars for what was likely. */
import { formatPercent } from "@mlxterp/results";

export interface TipContent {
  readonly lines: readonly string[];
  readonly bars?: readonly { readonly text: string; readonly probability: number }[];
}

interface TipProps extends TipContent {
  /** In the element around, and how wide that is. */
  readonly x: number;
  readonly y: number;
  readonly room: number;
}

export function Tip({ lines, bars, x, y, room }: TipProps) {
  const side = x > room / 2 ? { right: `${room - x + 14}px` } : { left: `${x + 14}px` };
  return (
    <div class="mi-tip" aria-hidden="true" style={{ ...side, top: `${y + 14}px` }}>
      {lines.map((line, index) => (
        <TipLine key={`${index}${line}`} line={line} />
      ))}
      {bars?.map(({ text, probability }, index) => (
        <div class="mi-tip-bar" key={`${index}${text}`}>
          <bdi>{text}</bdi>
          <i style={{ width: `${Math.max(1, Math.round(80 * probability))}px` }} />
          <span>{formatPercent(probability)}</span>
        </div>
      ))}
    </div>
  );
}

/** Two blanks end a token: what follows must not be drawn into its direction. */
function TipLine({ line }: { readonly line: string }) {
  const [first, ...rest] = line.split("  ");
  return (
    <div>
      <bdi>{first}</bdi> {rest.join("  ")}
    </div>
  );
}
