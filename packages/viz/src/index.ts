/** The menu of @mlxterp/viz: pictures and pages from blocks. Runs in Node and in a browser. */
export { drawBlock } from "./draw/draw-block.js";
export type { PictureBlock } from "./draw/pictures.js";
export { htmlReport } from "./report/html-report.js";
export type { Report } from "./report/report.js";
