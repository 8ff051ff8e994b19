/** SVG as PNG. */
import { MlxterpError } from "@mlxterp/results";
import {
  checkNumber,
  checkOptions,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/results/errors";

/** What draws pixels is not there, or finds no letters. */
export class NoRasterizerError extends MlxterpError {
  readonly code = "NO_RASTERIZER";
}

export interface PngOptions {
  /** Pixels for each px of the picture. Default: 2 for a sharp screen; paper wants 3.125, which is 300 in an inch. */
  readonly scale?: number;
}

/** So many pixels a side are drawn, and no more: what is larger becomes smaller pixels. */
const mostPixels = 16_000;

type Resvg = typeof import("@resvg/resvg-js").Resvg;

/**
 * Draws an SVG document, such as `drawBlock` gives, as PNG.
 *
 * @returns the bytes of the file
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no SVG document, and for options that do not exist
 * @throws NoRasterizerError (`NO_RASTERIZER`) where the optional package `@resvg/resvg-js` is missing, or the system has no font
 * @example
 * import { svgToPng } from "@mlxterp/viz/png";
 *
 * const bytes = await svgToPng(await drawBlocks(lens.view(readout)));
 */
export async function svgToPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  checkText("svg", svg);
  checkOptions<PngOptions>("svgToPng", options, { scale: checkNumber });
  const { scale = 2 } = options;
  if (!(scale > 0 && scale <= 10)) {
    const rule = `must be above 0 and at most 10, not ${scale}.`;
    throw new InvalidArgumentError("scale", scale, rule);
  }
  if (!/<svg[\s>]/.test(svg)) {
    throw new InvalidArgumentError(
      "svg",
      svg,
      "must be an SVG document, such as `drawBlock` gives.",
    );
  }
  const Rasterizer = await load();
  const font = { loadSystemFonts: true, defaultFontFamily: textFont };
  if (/<text[\s>]/.test(svg) && !hasLetters(Rasterizer, font)) {
    throw new NoRasterizerError(
      "There is no font to write with, so a PNG would have no words: install one (such as fonts-dejavu-core), or write .svg.",
    );
  }
  const fitting = Math.min(scale, mostPixels / longestSide(svg));
  try {
    const fitTo = { mode: "zoom", value: fitting } as const;
    const zoomed = new Rasterizer(plainFamilies(svg), { font, fitTo });
    return new Uint8Array(zoomed.render().asPng());
  } catch (cause) {
    const rule = `cannot be drawn (${cause instanceof Error ? cause.message : String(cause)}).`;
    throw Object.assign(new InvalidArgumentError("svg", svg, rule), { cause });
  }
}

/** As the document says itself: to ask the package would load all fonts once more. */
function longestSide(svg: string): number {
  const [head] = svg.match(/<svg[^>]*>/) ?? [""];
  const side = (name: string) => Number(head.match(new RegExp(` ${name}="([\\d.]+)"`))?.[1] ?? 1);
  return Math.max(side("width"), side("height"), 1);
}

/** What every system of a kind has. */
const fontsOf: Readonly<Record<string, readonly [text: string, token: string]>> = {
  darwin: ["Helvetica Neue", "Menlo"],
  win32: ["Segoe UI", "Consolas"],
};
const [textFont, tokenFont] = fontsOf[process.platform] ?? ["DejaVu Sans", "DejaVu Sans Mono"];

/** Of a list of families only the first is looked for. */
function plainFamilies(svg: string): string {
  return svg.replace(/font-family="[^"]*?(monospace|sans-serif)"/g, (_, kind) => {
    return `font-family="${kind === "monospace" ? tokenFont : textFont}"`;
  });
}

async function load(): Promise<Resvg> {
  try {
    return (await import("@resvg/resvg-js")).Resvg;
  } catch (cause) {
    const way = "install @resvg/resvg-js beside @mlxterp/viz, or write .svg.";
    throw new NoRasterizerError(`PNG needs an optional package that is not here: ${way}`, {
      cause,
    });
  }
}

let letters: boolean | undefined;

/** Without a font texts are left out in silence. */
function hasLetters(Rasterizer: Resvg, font: object): boolean {
  const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="15">M</text></svg>`;
  letters ??= new Rasterizer(probe, { font }).innerBBox() !== undefined;
  return letters;
}
