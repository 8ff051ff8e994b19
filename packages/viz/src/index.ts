/** The menu of @mlxterp/viz: pictures and pages from blocks. Runs in Node and in a browser. */
export type { LookOptions } from "./design/look.js";
export { cssVariables, type Theme, type ThemeName, themes } from "./design/theme.js";
export { drawBlock, drawBlocks } from "./draw/draw-block.js";
export type { PictureBlock } from "./draw/pictures.js";
export type { SheetOptions } from "./draw/sheet.js";
export {
  type Displayable,
  type Displayed,
  type DisplayOptions,
  display,
} from "./notebook/display.js";
export { htmlReport } from "./report/html-report.js";
export type { Report } from "./report/report.js";
export { type VegaLiteSpec, vegaLite } from "./vega/vega-lite.js";
