/** The menu of @mlxterp/viz. */
export {
  type AttentionFigureOptions,
  attentionFigure,
} from "./figures/attention-figure.js";
export {
  attributionBars,
  type Bar,
  type BarFigureOptions,
  barFigure,
} from "./figures/bar-figure.js";
export {
  type HeadFigureOptions,
  headFigure,
  headTypeFigure,
} from "./figures/head-figure.js";
export { type LensFigureOptions, lensFigure } from "./figures/lens-figure.js";
export { type PatchingFigureOptions, patchingFigure } from "./figures/patching-figure.js";
export {
  htmlReport,
  type Report,
  type ReportFigure,
  type ReportSection,
  type ReportTable,
} from "./report/report.js";
