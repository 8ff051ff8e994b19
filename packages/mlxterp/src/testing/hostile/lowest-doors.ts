/** Public functions of @mlxterp/results/errors and @mlxterp/mlx with right arguments. */
import * as mlx from "@mlxterp/mlx";
import { mx, nn } from "@mlxterp/mlx";
import * as errors from "@mlxterp/results/errors";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";
import { later } from "./later.js";
import { CallersError } from "./values.js";

export const errorFunctions: Calls = {
  asAsked: [errors.asAsked, { layers: [0, 1] }],
  brief: [errors.brief, { topK: 5 }],
  checkBoolean: [errors.checkBoolean, "special", true],
  checkFinite: [errors.checkFinite, "factor", 0.5],
  checkFunction: [errors.checkFunction, "metric", () => 1],
  checkInteger: [errors.checkInteger, "layer", -1],
  checkIterable: [errors.checkIterable, "dataset", ["a"]],
  checkList: [errors.checkList, "layers", [0, 1]],
  checkMethods: [errors.checkMethods, "model", { run: () => 1 }, ["run"], "a model"],
  checkNumber: [errors.checkNumber, "value", 1.5],
  checkNumbers: [errors.checkNumbers, "values", Float64Array.of(1, 2)],
  checkPath: [errors.checkPath, "folder", "activations"],
  checkPositiveInteger: [errors.checkPositiveInteger, "batchSize", 8],
  checkRecord: [errors.checkRecord, "options", { topK: 5 }],
  checkSignal: [errors.checkSignal, "signal", new AbortController().signal],
  checkText: [errors.checkText, "name", "no MLP"],
  checkTexts: [errors.checkTexts, "known", ["heads", "layers"]],
  checkWholeNumber: [errors.checkWholeNumber, "seed", 0],
  isCallable: [errors.isCallable, Math.max],
  isMap: [errors.isMap, new Map()],
  isRecord: [errors.isRecord, { topK: 5 }],
  isRegExp: [errors.isRegExp, /layers/],
  isSet: [errors.isSet, new Set()],
  oneOf: [(...args: [never]) => errors.oneOf(...args)("method", "zero"), "mean", "zero"],
};

export function mlxFunctions({ folder }: Bench): Calls {
  const file = (name: string) => `${folder}/${name}`;
  const arrays = { a: mx.ones([2, 3]), b: mx.array([1, 2], mx.int32) };
  const tensors = later(async () => {
    await mlx.writeTensors(file("numbers.safetensors"), arrays);
    return file("numbers.safetensors");
  });
  const torch = later(async () => {
    await mlx.writeTorchTensors(file("numbers.pt"), Object.entries(arrays));
    return file("numbers.pt");
  });
  const torchTensor = later(async () => {
    const opened = mlx.openTorchFile((await torch.get()) as string);
    return Object.values(opened.tensors)[0] ?? [...(opened.tensors as never as Map<string, unknown>).values()][0]; // biome-ignore format: one line
  });
  const hashed = later(async () => {
    const path = (await tensors.get()) as string;
    return [{ path, sha256: mlx.hashFile(path) }];
  });
  const logits = mx.log(mx.array([[0.5, 0.5], [0.1, 0.9]])); // biome-ignore format: one table
  return {
    abandonedIn: [mlx.abandonedIn, folder, () => true],
    activeMemory: [mlx.activeMemory],
    betweenComputations: [mlx.betweenComputations, async () => undefined, () => 1],
    bindingVersion: [mlx.bindingVersion],
    checkArray: [mlx.checkArray, "x", mx.ones([2])],
    checkReal: [mlx.checkReal, "x", mx.ones([2])],
    checkWidth: [mlx.checkWidth, "x", mx.ones([2]), 2],
    checkModule: [mlx.checkModule, "module", new nn.Linear(2, 2)],
    collect: [mlx.collect],
    deviceName: [mlx.deviceName],
    dtypeName: [mlx.dtypeName, mx.float16],
    evaluate: [mlx.evaluate, [mx.ones([2])], 10],
    evaluateNow: [mlx.evaluateNow, [mx.ones([2])]],
    evaluateToKeep: [mlx.evaluateToKeep, [mx.ones([2])]],
    fileFailure: [mlx.fileFailure, Object.assign(new Error("no"), { code: "ENOENT" }), "a"],
    fileSize: [mlx.fileSize, tensors],
    fromFlat: [mlx.fromFlat, Float32Array.of(1, 2, 3, 4), [2, 2], mx.float16],
    guardDtype: [mlx.guardDtype, "x", mx.ones([2]), "weights"],
    hasEnded: [mlx.hasEnded, mlx.thisWriter()],
    hashArrays: [mlx.hashArrays, Object.entries(arrays)],
    hashFile: [mlx.hashFile, tensors],
    hashSampled: [mlx.hashSampled, tensors],
    isArray: [mlx.isArray, mx.ones([2])],
    isFloating: [mlx.isFloating, mx.float32],
    isTemporaryName: [mlx.isTemporaryName, "a"],
    klDivergence: [mlx.klDivergence, logits, logits],
    logProbabilities: [mlx.logProbabilities, logits],
    openTensors: [mlx.openTensors, tensors],
    openTorchFile: [mlx.openTorchFile, torch],
    readFilePart: [mlx.readFilePart, tensors, 0, 8, () => new CallersError("short")],
    readNumpyArchive: [mlx.readNumpyArchive, tensors],
    readTensorHeader: [mlx.readTensorHeader, tensors],
    readTensors: [mlx.readTensors, tensors],
    readTorchTensor: [mlx.readTorchTensor, torchTensor],
    sliceForProduct: [mlx.sliceForProduct, mx.ones([4, 3]), { start: 1, stop: 3 }],
    temporaryName: [mlx.temporaryName, file("new.bin")],
    thisWriter: [mlx.thisWriter],
    toFlat: [mlx.toFlat, mx.ones([2, 3])],
    topK: [mlx.topK, logits, 1],
    torchBytes: [mlx.torchBytes, torchTensor, 0, 1],
    uniformNumbers: [(...args: [never]) => mlx.uniformNumbers(...args)(), 3],
    verifyFiles: [mlx.verifyFiles, hashed, { onProgress: () => undefined }],
    withFile: [mlx.withFile, "a", () => 1],
    withFiles: [mlx.withFiles, "a", async () => 1],
    writeFileAtomically: [mlx.writeFileAtomically, file("text.txt"), "a text"],
    writeTensors: [mlx.writeTensors, file("written.safetensors"), arrays, { format: "pt" }],
    writeTorchTensors: [mlx.writeTorchTensors, file("written.pt"), Object.entries(arrays)],
    writesTo: [mlx.writesTo, mx.ones([2])],
  };
}

/** Small matrices in double precision, by columns. */
export function matrixFunctions(): Calls {
  const all: Readonly<Record<string, unknown>> = { ...mlx.hostMatrices };
  const matrix = (values = [4, 1, 1, 3]) => ({ rows: 2, count: 2, values: Float64Array.from(values) }); // biome-ignore format: one line
  const right: Readonly<Record<string, readonly unknown[]>> = {
    column: [matrix(), 1],
    eigenvalues: [2, Float64Array.of(4, 1, 1, 3)],
    orthonormalize: [matrix()],
    product: [matrix(), matrix()],
    singularValues: [matrix()],
    symmetricEigenvalues: [matrix(), true],
    transposed: [matrix()],
    transposedProduct: [matrix(), matrix([1, 2, 3, 4])],
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, call]) => [name, [call, ...(right[name] ?? [])] as const]),
  );
}
