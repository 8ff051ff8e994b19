/** The menu of @mlxterp/viz: pictures and pages from blocks. Runs in Node and in a browser. */
export { drawBlock, type PictureBlock } from "./draw/draw-block.js";
export { htmlReport, type Report } from "./report/report.js";
