/** From a number to its colour, and what can be read on it. */
import type { ColourScale } from "@mlxterp/results";
import type { Ramp, Theme } from "./theme.js";

type Channels = readonly [red: number, green: number, blue: number];

/**
 * A scale as a function. A diverging one is pale at its pivot, and as wide on both sides as its longer one: equal shades mean
 * equal sizes. What is no number has no colour.
 *
 * @returns from a number to `#rrggbb`, or `transparent`
 */
export function colourOf(scale: ColourScale, theme: Theme): (value: number | null) => string {
  const ramp = rampOf(theme[scale.kind]);
  const share = shareOf(scale);
  return (value) =>
    value === null || Number.isNaN(value) ? "transparent" : ramp(Math.min(1, Math.max(0, share(value)))); // biome-ignore format: one choice
}

/** Where a number stands on its scale, 0 to 1 from one end to the other. */
function shareOf(scale: ColourScale): (value: number) => number {
  const [low, high] = scale.domain;
  if (scale.kind === "sequential") return (value) => (value - low) / (high - low || 1);
  const { pivot } = scale;
  const reach = Math.max(high - pivot, pivot - low) || 1;
  return (value) => 0.5 + (value - pivot) / (2 * reach);
}

const shades = 256;

/** Shades made once: a picture of a million cells asks for as many. */
function rampOf(stops: Ramp): (share: number) => string {
  const channels = stops.map(channelsOf);
  const made: string[] = [];
  return (share) => {
    const shade = Math.round(share * (shades - 1));
    made[shade] ??= mix(channels, shade / (shades - 1));
    return made[shade];
  };
}

function mix(stops: readonly Channels[], share: number): string {
  const place = share * (stops.length - 1);
  const at = Math.min(stops.length - 2, Math.floor(place));
  const rest = place - at;
  const parts = stops[at].map((from, index) =>
    Math.round(from + rest * (stops[at + 1][index] - from))
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${parts.join("")}`;
}

/** Of `#rrggbb`. */
export function channelsOf(colour: string): Channels {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return [red, green, blue];
}

const onPale = "#15171a";
const onDeep = "#ffffff";

/** Black or white, whichever is easier to read on a colour written as `#rrggbb`. */
export function textOn(colour: string): string {
  const [red, green, blue] = channelsOf(colour).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue; // WCAG 2, relative luminance
  return luminance > 0.19 ? onPale : onDeep;
}
