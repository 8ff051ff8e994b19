/** Arrays as a file of `torch.save`: a dictionary of float32 tensors, for programs that read nothing else. */

import { checkList, checkPath, checkText } from "@mlxterp/results/errors";
import { writeFileAtomically } from "../atomic-file.js";
import { InvalidArgumentError } from "../errors.js";
import { checkArray } from "../guard.js";
import { toFlat } from "../host.js";
import { evaluate } from "../memory.js";
import type { MxArray } from "../types/array.js";
import { type ZipContent, zipOf } from "./write-zip.js";

/** The opcodes of pickle's protocol 2 that are needed. */
const op = {
  begin: "\x80\x02",
  emptyDict: "}",
  mark: "(",
  setItems: "u",
  emptyTuple: ")",
  tuple: "t",
  call: "R",
  persistent: "Q",
  false: "\x89",
  end: ".",
} as const;

/**
 * Writes float32 tensors by name, in the order given, as `torch.save(dict)` does; `torch.load` reads it with `weights_only`.
 *
 * @param arrays of floating dtypes, which become float32
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for two arrays of one name; IncompleteWriteError (`INCOMPLETE_WRITE`),
 *   FileAccessError (`FILE_ACCESS`)
 * @example
 * await writeTorchTensors("written.pt", [["0.weight", mx.ones([2, 3])]]);
 * openTorchFile("written.pt").tensors.get("0.weight")?.shape; // [2, 3]
 */
export async function writeTorchTensors(
  path: string,
  arrays: readonly (readonly [name: string, array: MxArray])[],
): Promise<void> {
  checkPath("path", path);
  checkList("arrays", arrays);
  for (const [index, one] of arrays.entries()) {
    checkList(`arrays[${index}]`, one);
    checkText(`arrays[${index}][0]`, one[0]);
    checkArray(`arrays[${index}][1]`, one[1]);
  }
  const names = arrays.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new InvalidArgumentError("arrays", twice, `two arrays are called "${twice}".`);
  }
  await evaluate(arrays.map(([, array]) => array));
  const storages = arrays.map(([, array], index): ZipContent => {
    const numbers = Float32Array.from(toFlat(array));
    return { name: `archive/data/${index}`, bytes: new Uint8Array(numbers.buffer) };
  });
  const pickle = Buffer.from(pickleOf(arrays), "latin1");
  const text = (content: string) => Buffer.from(content, "latin1");
  writeFileAtomically(
    path,
    zipOf([
      { name: "archive/data.pkl", bytes: pickle },
      { name: "archive/byteorder", bytes: text("little") },
      ...storages,
      { name: "archive/version", bytes: text("3\n") },
    ]),
  );
}

function pickleOf(arrays: readonly (readonly [name: string, array: MxArray])[]): string {
  const items = arrays.map(([name, array], index) => textOf(name) + tensorOf(array, index));
  return op.begin + op.emptyDict + op.mark + items.join("") + op.setItems + op.end;
}

/** A call of torch's own function that makes a tensor of a storage, its offset, shape and strides. */
function tensorOf({ shape, size }: MxArray, index: number): string {
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, length) => product * length, 1),
  );
  const id = tupleOf([
    textOf("storage"),
    named("torch", "FloatStorage"),
    textOf(`${index}`),
    textOf("cpu"),
    integer(size),
  ]);
  const hooks = named("collections", "OrderedDict") + op.emptyTuple + op.call;
  const given = [
    id + op.persistent,
    integer(0),
    tupleOf(shape.map(integer)),
    tupleOf(strides.map(integer)),
    op.false,
    hooks,
  ];
  return named("torch._utils", "_rebuild_tensor_v2") + tupleOf(given) + op.call;
}

function tupleOf(items: readonly string[]): string {
  return op.mark + items.join("") + op.tuple;
}

function named(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

/** A text in UTF-8, after its length. */
function textOf(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return `X${length.toString("latin1")}${bytes.toString("latin1")}`;
}

/** A whole number of 32 bits. */
function integer(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString("latin1")}`;
}
