/** The menu of @mlxterp/results. No binding, nothing of Node: it runs in a browser. */
export type {
  AttentionBlock,
  Bar,
  BarsBlock,
  Block,
  Cell,
  ColourScale,
  Column,
  ComparedPrompt,
  GraphBlock,
  GridBlock,
  HistogramBlock,
  LinesBlock,
  Places,
  ScatterBlock,
  SectionBlock,
  TableBlock,
  TextBlock,
  TokensBlock,
  Tone,
} from "./blocks/block.js";
export { checkBlock, checkBlocks } from "./blocks/check-blocks.js";
export {
  divergingAround,
  fedBlocks,
  noteBlocks,
  placesOf,
  section,
  text,
} from "./blocks/make-blocks.js";
export { compare, type Difference, type Tolerance } from "./compare/compare.js";
export { checkChoice, checkOptions, type OptionNames } from "./errors/check-options.js";
export { InvalidArgumentError } from "./errors/invalid-argument.js";
export { MlxterpError } from "./errors/mlxterp-error.js";
export { didYouMean, nearestWords } from "./errors/nearest.js";
export { resultsFromJson } from "./formats/check-result.js";
export { gridToCsv, resultsToCsv, rowsToCsv, tableToCsv } from "./formats/csv.js";
export { fromJson, ResultFormatError, toJson } from "./formats/json.js";
export { createGrid, type Grid, type GridValues, type Unit } from "./grids/grid.js";
export { type Label, labelKey, labelText, type TokenLabel } from "./grids/label.js";
export { type Place, rowsOf, shapeOf, sliceOf, valueAt } from "./grids/read-grid.js";
export {
  defineMethod,
  type InputKind,
  type Method,
  type MethodDefinition,
  type MethodInputs,
  type MethodParts,
  type MethodProgress,
  type OptionsSchema,
  type PairInput,
  type PromptInput,
  type RunControl,
} from "./methods/define-method.js";
export {
  definitionOf,
  type Field,
  type FieldKind,
  fieldsOf,
  innerSchema,
} from "./methods/fields.js";
export { type ParsedOptions, parseOptions } from "./methods/parse-options.js";
export { readOnly } from "./methods/read-only.js";
export {
  type Json,
  type Provenance,
  type ProvenanceAdapter,
  type ProvenanceEdit,
  provenanceProblem,
  type WeightsHash,
} from "./origin/provenance.js";
export {
  type OriginDifference,
  originDifferences,
  ProvenanceMismatchError,
  requireSameOrigin,
} from "./origin/same-origin.js";
export { bootstrapMean, type Estimate } from "./results/estimate.js";
export type { Fed, TokenText } from "./results/fed.js";
export { readsResult } from "./results/read-result.js";
export type { Grids, Note, Result, Tables } from "./results/result.js";
export { type ColumnKind, checkResult, type ResultShape } from "./results/result-shape.js";
export { createTable, type Table, type TableValue } from "./results/table.js";
export { formatCell, formatNumber, formatPercent } from "./text/format-number.js";
export { tokenTexts } from "./text/token-texts.js";
export { visibleJson, visibleLine, visibleText } from "./text/visible.js";
export { visibleToken } from "./text/visible-token.js";
