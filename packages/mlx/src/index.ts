/** The menu of @mlxterp/mlx. */
export {
  asAsked,
  brief,
  checkBoolean,
  checkChoice,
  checkFinite,
  checkFunction,
  checkInteger,
  checkIterable,
  checkList,
  checkMethods,
  checkNumber,
  checkNumbers,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkSignal,
  checkText,
  checkTexts,
  checkWholeNumber,
  didYouMean,
  isCallable,
  isMap,
  isRecord,
  isRegExp,
  isSet,
  largestFloat32,
  nearestWords,
  type OptionNames,
  type OptionRule,
  oneOf,
} from "@mlxterp/results/errors";
export { arraySampling, hashArrays } from "./array-hash.js";
export { writesTo } from "./array-writes.js";
export { writeFileAtomically } from "./atomic-file.js";
export { type Between, betweenComputations } from "./between.js";
export { bindingVersion, mx, nn, optimizers } from "./binding.js";
export {
  BindingUnavailableError,
  CorruptFileError,
  FileAccessError,
  IncompleteWriteError,
  InvalidArgumentError,
  MlxterpError,
  UnsupportedDtypeError,
  UnsupportedFileError,
} from "./errors.js";
export { fileFailure, fileSize, withFile, withFiles } from "./file-failure.js";
export { type HashedFile, hashFile, type VerifyOptions, verifyFiles } from "./file-hash.js";
export { readFilePart } from "./file-part.js";
export {
  checkArray,
  checkModule,
  checkReal,
  checkWidth,
  deviceName,
  dtypeName,
  dtypeNames,
  guardDtype,
  isArray,
  isFloating,
} from "./guard.js";
export { fromFlat, toFlat } from "./host.js";
export * as hostMatrices from "./host-matrices/index.js";
export { klDivergence, logProbabilities } from "./log-probabilities.js";
export {
  activeMemory,
  collect,
  evaluate,
  evaluateNow,
  evaluateToKeep,
  release,
  releaseOld,
} from "./memory.js";
export { readNumpyArchive } from "./numpy-file/read-archive.js";
export { listParameters } from "./parameters.js";
export { fileSampling, hashSampled } from "./sampled-file.js";
export { sliceForProduct } from "./slice-for-product.js";
export {
  abandonedIn,
  hasEnded,
  isTemporaryName,
  removeAbandoned,
  removeDebris,
  temporaryName,
  thisWriter,
} from "./temporary-name.js";
export { openTensors, readTensors, type TensorFile, writeTensors } from "./tensor-files.js";
export { readTensorHeader, type TensorDeclaration, type TensorHeader } from "./tensor-header.js";
export { type TopK, topK } from "./top-k.js";
export { readTorchTensor, torchBytes } from "./torch-file/read-tensor.js";
export { openTorchFile, type TorchFile } from "./torch-file/torch-file.js";
export type { StorageDtype, TorchTensor, TorchValue } from "./torch-file/torch-value.js";
export { writeTorchTensors } from "./torch-file/write-torch-tensors.js";
export type {
  ArrayAt,
  Device,
  Dtype,
  DtypeCategory,
  Index,
  MxArray,
  NestedNumbers,
  Operand,
  Slice,
} from "./types/array.js";
export type { Mx } from "./types/core.js";
export type {
  ArrayTree,
  DtypeName,
  Embedding,
  Linear,
  Module,
  Nn,
  NormLayer,
  Optimizer,
  Optimizers,
} from "./types/nn.js";
export { uniformNumbers } from "./uniform-numbers.js";
