/** The menu of @mlxterp/viz/interactive: blocks as components of Preact, and for pages without it. */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
export { cssVariables, type Theme, type ThemeName, themes } from "../design/theme.js";
export { BlocksView, BlockView } from "./block-view.js";
export type { OnSelect, Selection, ViewProps } from "./parts/selection.js";
export type { ThemeChoice } from "./parts/use-theme.js";
export { type RenderOptions, renderInto } from "./render-into.js";
export { interactiveStyles } from "./styles.js";
export { AttentionView } from "./views/attention-view.js";
export { FeatureDashboard } from "./views/feature-dashboard.js";
export { GraphView } from "./views/graph-view.js";
export { LensTable } from "./views/lens-table.js";
export { PatchingMap } from "./views/patching-map.js";
export { TokenStrip } from "./views/token-strip.js";
