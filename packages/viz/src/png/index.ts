/** The menu of @mlxterp/viz/png: pictures as pixels. Runs in Node, with the optional package that draws them. */
export { NoRasterizerError, type PngOptions, svgToPng } from "./svg-to-png.js";
