/** Opcodes that put one value on the stack, of nothing but their own bytes. */
import { CorruptFileError } from "../errors.js";
import { narrow, type PickleBytes } from "./pickle-bytes.js";
import type { Made } from "./pickle-globals.js";

type Literal = (read: PickleBytes, file: string) => Made;

const copied = (bytes: Buffer): Uint8Array => Uint8Array.from(bytes);

export const literalOpcodes: Readonly<Record<number, Literal>> = {
  78: () => null, // NONE
  136: () => true, // NEWTRUE
  137: () => false, // NEWFALSE
  73: (read, file) => decimal(read.line(), file), // INT
  76: (read, file) => decimal(read.line().replace(/L$/, ""), file), // LONG
  74: (read) => read.signed32(), // BININT
  75: (read) => read.byte(), // BININT1
  77: (read) => read.unsigned16(), // BININT2
  138: (read) => read.long(read.byte()), // LONG1
  139: (read) => read.long(read.unsigned32()), // LONG4
  70: (read, file) => float(read.line(), file), // FLOAT
  71: (read) => read.double(), // BINFLOAT
  88: (read) => read.text(read.unsigned32()), // BINUNICODE
  140: (read) => read.text(read.byte()), // SHORT_BINUNICODE
  141: (read) => read.text(read.unsigned64()), // BINUNICODE8
  84: (read) => read.text(read.unsigned32()), // BINSTRING, of Python 2
  85: (read) => read.text(read.byte()), // SHORT_BINSTRING, of Python 2
  66: (read) => copied(read.take(read.unsigned32())), // BINBYTES
  67: (read) => copied(read.take(read.byte())), // SHORT_BINBYTES
  142: (read) => copied(read.take(read.unsigned64())), // BINBYTES8
  93: () => [], // EMPTY_LIST
  41: () => Object.freeze([]) as Made, // EMPTY_TUPLE
  125: () => new Map(), // EMPTY_DICT
  143: () => new Set(), // EMPTY_SET
};

function decimal(text: string, file: string): Made {
  if (text === "00" || text === "01") return text === "01"; // booleans of protocol 0
  if (/^-?\d{1,1000}$/.test(text)) return narrow(BigInt(text));
  throw new CorruptFileError(
    file,
    `its pickle has ${JSON.stringify(text.slice(0, 40))} for a number`,
  );
}

const notANumber: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function float(text: string, file: string): number {
  const value = notANumber[text] ?? Number(text);
  if (
    text.trim() === text &&
    text !== "" &&
    (Object.hasOwn(notANumber, text) || !Number.isNaN(value))
  ) {
    return value;
  }
  throw new CorruptFileError(
    file,
    `its pickle has ${JSON.stringify(text.slice(0, 40))} for a number`,
  );
}
