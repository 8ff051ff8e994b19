/** Components of a page, and what draws them into one, with right arguments. */
import * as interactive from "@mlxterp/viz/interactive";
import { pageElement } from "../../../../viz/src/testing/page.js";
import { attention, graph, grid, strip } from "./blocks.js";
import type { Calls } from "./doors.js";

/** What they are drawn into has no screen, and so nothing to wait for. */
class Observer {
  observe(): void {
    // nothing there changes its size
  }
  disconnect(): void {
    // likewise
  }
}
const page = { requestAnimationFrame: () => 0, cancelAnimationFrame: () => undefined };
const getComputedStyle = () => ({ getPropertyValue: () => "" });
Object.assign(globalThis, {
  ...page,
  getComputedStyle,
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
});

const onSelect = () => undefined;

/** What a component is called with by a page; what it then gives is drawn by the page, and nobody else calls it. */
const drawn = (component: (props: never) => unknown) => (props: never) => void component(props);

export const interactiveFunctions: Calls = {
  AttentionView: [drawn(interactive.AttentionView), { block: attention, onSelect }],
  BlockView: [drawn(interactive.BlockView), { block: grid, theme: "dark", onSelect }],
  BlocksView: [drawn(interactive.BlocksView), { blocks: [grid, strip], theme: "light", depth: 1, onSelect }], // biome-ignore format: one call
  FeatureDashboard: [drawn(interactive.FeatureDashboard), { grid, onSelect }],
  GraphView: [drawn(interactive.GraphView), { block: graph, onSelect }],
  LensTable: [drawn(interactive.LensTable), { block: grid, onSelect }],
  PatchingMap: [drawn(interactive.PatchingMap), { block: grid, onSelect }],
  TokenStrip: [drawn(interactive.TokenStrip), { block: strip, onSelect }],
  renderInto: [interactive.renderInto, pageElement(), [grid, strip], { styles: true, theme: "auto" }], // biome-ignore format: one call
};
