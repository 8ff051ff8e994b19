/** The exact text behind each token of a tokenizer.json vocabulary. */

/** Which convention a vocabulary writes text in, read off the decoder of its tokenizer.json. */
export type PieceStyle = "byteLevel" | "metaspace" | "plain";

/** Every `type` in a tree of decoders. */
function* decoderTypes(decoder: unknown): Generator<string> {
  if (typeof decoder !== "object" || decoder === null) return;
  const { type, decoders, pattern } = decoder as {
    type?: string;
    decoders?: unknown[];
    pattern?: { String?: string };
  };
  if (type) yield type === "Replace" && pattern?.String === "▁" ? "Metaspace" : type;
  for (const inner of decoders ?? []) yield* decoderTypes(inner);
}

/** @param decoder the `decoder` of a tokenizer.json */
export function pieceStyle(decoder: unknown): PieceStyle {
  const types = new Set(decoderTypes(decoder));
  if (types.has("ByteLevel")) return "byteLevel";
  return types.has("Metaspace") ? "metaspace" : "plain";
}

const utf8 = new TextDecoder("utf-8");
let bytesByCharacter: ReadonlyMap<string, number> | undefined;

/**
 * The byte-level alphabet: printable bytes stand for themselves, the others for characters from 256 up.
 * Source: GPT-2's encoder.py, `bytes_to_unicode`.
 */
function byteAlphabet(): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    map.set(String.fromCharCode(printable ? byte : next++), byte);
  }
  return map;
}

/**
 * @param token as the vocabulary spells it
 * @returns the text; a part of a character that spans several tokens shows as U+FFFD or `<0xE2>`
 */
export function pieceText(token: string, style: PieceStyle): string {
  if (style === "plain") return token;
  if (style === "byteLevel") {
    bytesByCharacter ??= byteAlphabet();
    const bytes = [...token].map((character) => bytesByCharacter?.get(character));
    if (bytes.includes(undefined)) return token; // an added token, written as it is
    return utf8.decode(Uint8Array.from(bytes as number[]));
  }
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  const code = byte === undefined ? 128 : Number.parseInt(byte, 16);
  return code < 128 ? String.fromCharCode(code) : token.replaceAll("▁", " ");
}
