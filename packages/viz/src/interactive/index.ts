/** The menu of @mlxterp/viz/interactive: blocks as components of Preact, and for pages without it. */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
export { cssVariables, type Theme, type ThemeName, themes } from "../design/theme.js";
export type { OnSelect, Selection, ViewProps } from "./parts/selection.js";
export type { ThemeChoice } from "./parts/use-theme.js";
export { type RenderOptions, renderInto } from "./render-into.js";
export {
  AttentionView,
  BlocksView,
  BlockView,
  FeatureDashboard,
  GraphView,
  LensTable,
  PatchingMap,
  TokenStrip,
} from "./strict-views.js";
export { interactiveStyles } from "./styles.js";
