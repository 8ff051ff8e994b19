/** The menu of @mlxterp/data. */
export { type CollectedActivations, collectToMemory } from "./collect/collect-to-memory.js";
export type { ColumnType, ColumnTypes } from "./collect/columns.js";
export type {
  ActivationDtype,
  CollectionProgress,
  DataModel,
  StreamOptions,
} from "./collect/options.js";
export type { RowOrigins } from "./collect/rows.js";
export { type ActivationBatch, streamActivations } from "./collect/stream.js";
export { type CutOptions, cutIntoSequences } from "./dataset/cut-sequences.js";
export type { Dataset, DatasetItem, DatasetPrompt, LabelledPrompt } from "./dataset/dataset.js";
export { readJsonLines, readLines } from "./dataset/read-lines.js";
export {
  InvalidSequenceError,
  InvalidTableError,
  RowShapeError,
  StoreBusyError,
  StoreExistsError,
  StoreMismatchError,
  StoreNotFoundError,
} from "./errors.js";
export { type StoreToParquetOptions, storeToParquet } from "./parquet/store-to-parquet.js";
export { type Column, type Table, tableOf } from "./parquet/table.js";
export { type WriteParquetOptions, writeParquet } from "./parquet/write-parquet.js";
export type { StoreBatch, StoreBatchOptions } from "./store/batches.js";
export { type CollectToDiskOptions, collectToDisk } from "./store/collect-to-disk.js";
export {
  ActivationStore,
  openStore,
  type StoreShard,
  type VerifyStoreOptions,
} from "./store/store.js";
