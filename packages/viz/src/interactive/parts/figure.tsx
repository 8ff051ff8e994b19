/** The frame of every picture: title, what colours mean, the picture, and a line that says what is pointed at. */
import type { ColourScale } from "@mlxterp/results";
import { formatNumber } from "@mlxterp/results";
import type { ComponentChildren } from "preact";
import { colourOf } from "../../design/colour-of.js";
import { useTheme } from "./use-theme.js";

interface FigureProps {
  readonly title?: string;
  readonly subtitle?: string;
  readonly kind: string;
  readonly legend?: ComponentChildren;
  /** Said aloud when it changes. */
  readonly reading?: string;
  readonly children: ComponentChildren;
}

export function Figure({ title, subtitle, kind, legend, reading, children }: FigureProps) {
  return (
    <figure class={`mi-figure mi-${kind}`}>
      <figcaption class="mi-head">
        <div>
          {title && <div class="mi-title">{title}</div>}
          {subtitle && <div class="mi-subtitle">{subtitle}</div>}
        </div>
        {legend}
      </figcaption>
      {children}
      {reading !== undefined && (
        <output class="mi-reading" aria-live="polite">
          {reading}
        </output>
      )}
    </figure>
  );
}

const steps = 32;

/** A bar of the colours with their numbers. */
export function Legend({ scale, label }: { readonly scale: ColourScale; readonly label: string }) {
  const colour = colourOf(scale, useTheme());
  const [low, high] = scale.domain;
  const middle = scale.kind === "diverging" ? scale.pivot : (low + high) / 2;
  const shades = Array.from({ length: steps }, (_, index) =>
    colour(low + ((high - low) * index) / (steps - 1)),
  );
  return (
    <div class="mi-legend">
      <div>{label}</div>
      <div class="mi-ramp" style={{ background: `linear-gradient(90deg, ${shades.join(", ")})` }} />
      <div class="mi-ticks">
        {[low, middle, high].map((tick) => (
          <span key={tick}>{formatNumber(tick)}</span>
        ))}
      </div>
    </div>
  );
}
