/** Reads the fields of a protobuf message. Source: protobuf.dev, "Encoding". */
import { TokenizerError } from "../../errors.js";

/** A number, or the bytes of a text, an inner message or a float. */
export type FieldValue = number | Buffer;

/** A field by its number. */
export type Field = readonly [number: number, value: FieldValue];

/** @throws TokenizerError (`TOKENIZER`) for what is no message */
export function* readFields(bytes: Buffer, file: string): Generator<Field> {
  let at = 0;
  const take = (length: number) => {
    if (length > bytes.length - at) throw cutOff(file);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = BigInt(take(1)[0]);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return Number(BigInt.asIntN(64, value));
      shift += 7n;
      if (shift > 63n) throw cutOff(file);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    const number = Math.floor(key / 8);
    if (number < 1) throw cutOff(file);
    if (wire === 0) yield [number, varint()];
    else if (wire === 1) yield [number, take(8)];
    else if (wire === 2) yield [number, take(varintLength(varint(), file))];
    else if (wire === 5) yield [number, take(4)];
    else throw cutOff(file);
  }
}

function varintLength(length: number, file: string): number {
  if (length < 0) throw cutOff(file);
  return length;
}

function cutOff(file: string): TokenizerError {
  return new TokenizerError(
    file,
    "it is no model of SentencePiece, or a damaged one. Copy it again.",
  );
}
