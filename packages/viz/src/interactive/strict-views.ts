/** The components that callers may use by themselves, each with what it can draw. */

import { BlocksView as Blocks, BlockView as OneBlock } from "./block-view.js";
import { blockOf, listOfBlocks, strictView, viewRules } from "./parts/strict-view.js";
import { AttentionView as Attention } from "./views/attention-view.js";
import { FeatureDashboard as Dashboard } from "./views/feature-dashboard.js";
import { GraphView as Graph } from "./views/graph-view.js";
import { LensTable as Lens } from "./views/lens-table.js";
import { PatchingMap as Patching } from "./views/patching-map.js";
import { TokenStrip as Strip } from "./views/token-strip.js";

const { onSelect, theme, depth } = viewRules;
const one = ["block"] as const;

/**
 * Draws any block.
 *
 * @param props.onSelect is told what a reader chooses, as plain data
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 */
export const BlockView = strictView("BlockView", OneBlock, { block: blockOf(), theme, onSelect }, one); // biome-ignore format: one line

/**
 * Draws blocks below each other.
 *
 * @param props.depth of the headings around; sections begin one below
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 */
export const BlocksView = strictView("BlocksView", Blocks, { blocks: listOfBlocks, theme, depth, onSelect }, ["blocks"]); // biome-ignore format: one line

export const AttentionView = strictView("AttentionView", Attention, { block: blockOf("attention"), onSelect }, one); // biome-ignore format: one line
export const GraphView = strictView("GraphView", Graph, { block: blockOf("graph"), onSelect }, one);
export const LensTable = strictView("LensTable", Lens, { block: blockOf("grid"), onSelect }, one);
export const PatchingMap = strictView("PatchingMap", Patching, { block: blockOf("grid"), onSelect }, one); // biome-ignore format: one line
export const TokenStrip = strictView("TokenStrip", Strip, { block: blockOf("tokens"), onSelect }, one); // biome-ignore format: one line
export const FeatureDashboard = strictView("FeatureDashboard", Dashboard, { grid: blockOf("grid"), table: blockOf("table"), onSelect }, ["grid"]); // biome-ignore format: one line
