/** The exact text behind each token of a tokenizer.json vocabulary. */
import { bytesOfLetters } from "./engine/byte-letters.js";

/** Which convention a vocabulary writes text in, read off the decoder of its tokenizer.json. */
export type PieceStyle = "byteLevel" | "metaspace" | "plain";

/** Every `type` in a tree of decoders. */
function* decoderTypes(decoder: unknown): Generator<string> {
  if (typeof decoder !== "object" || decoder === null) return;
  const { type, decoders, pattern } = decoder as {
    type?: unknown;
    decoders?: unknown;
    pattern?: { String?: unknown } | null;
  };
  if (typeof type === "string") {
    yield type === "Replace" && pattern?.String === "▁" ? "Metaspace" : type;
  }
  if (Array.isArray(decoders)) for (const inner of decoders) yield* decoderTypes(inner);
}

/** @param decoder the `decoder` of a tokenizer.json */
export function pieceStyle(decoder: unknown): PieceStyle {
  const types = new Set(decoderTypes(decoder));
  if (types.has("ByteLevel")) return "byteLevel";
  return types.has("Metaspace") ? "metaspace" : "plain";
}

const utf8 = new TextDecoder("utf-8");
const encoder = new TextEncoder();

/** @returns the bytes a token stands for; in `metaspace` style, spaces as the vocabulary writes them */
export function tokenBytes(token: string, style: PieceStyle): readonly number[] {
  const own = style === "byteLevel" ? bytesOfLetters(token) : undefined;
  if (own) return own;
  const byte = style === "metaspace" ? byteToken(token) : undefined;
  return byte === undefined ? [...encoder.encode(token)] : [byte];
}

/** The byte of a token such as `<0x0A>`. */
function byteToken(token: string): number | undefined {
  const digits = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/**
 * @param token as the vocabulary spells it
 * @returns the text; a part of a character that spans several tokens shows as U+FFFD or `<0xE2>`
 */
export function pieceText(token: string, style: PieceStyle): string {
  if (style === "plain") return token;
  if (style === "byteLevel") {
    const bytes = bytesOfLetters(token);
    return bytes ? utf8.decode(Uint8Array.from(bytes)) : token; // an added token is written as it is
  }
  const code = byteToken(token) ?? 128;
  return code < 128 ? String.fromCharCode(code) : token.replaceAll("▁", " ");
}
