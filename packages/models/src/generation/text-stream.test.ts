/** Text out of tokens: nothing twice, nothing early, nothing lost. */
import type { Tokenizer } from "@mlxterp/core";
import { describe, expect, it } from "vitest";
import { TextStream } from "./text-stream.js";

/** One token for each byte of UTF-8. */
const bytes: Tokenizer = {
  encode: (text) => [...Buffer.from(text)],
  decode: (ids) => Buffer.from(ids).toString("utf8"),
  pieces: (ids) => ids.map((id) => Buffer.from([id]).toString("latin1")),
  vocabSize: 256,
};

function push(stream: TextStream, text: string): { pieces: string[]; stopped: boolean } {
  const pieces: string[] = [];
  for (const token of bytes.encode(text)) {
    const piece = stream.push(token);
    pieces.push(piece.text);
    if (piece.stopped) return { pieces, stopped: true };
  }
  return { pieces: [...pieces, stream.flush()], stopped: false };
}

describe("a text stream", () => {
  it("gives each piece once", () => {
    const { pieces } = push(new TextStream(bytes, bytes.encode("prompt"), []), "abc");
    expect(pieces).toEqual(["a", "b", "c", ""]);
  });

  it("waits until a character is complete", () => {
    const { pieces } = push(new TextStream(bytes, [], []), "é🙂");
    expect(pieces).toEqual(["", "é", "", "", "", "🙂", ""]);
  });

  it("ends before a stop string, of which nothing is given away", () => {
    const { pieces, stopped } = push(new TextStream(bytes, [], ["END"]), "an E, an ENDING");
    expect(pieces.join("")).toBe("an E, an ");
    expect(stopped).toBe(true);
  });

  it("gives back what only looked like a stop string", () => {
    const { pieces, stopped } = push(new TextStream(bytes, [], ["END", "\n\n"]), "an EN\n");
    expect(pieces.join("")).toBe("an EN\n");
    expect(stopped).toBe(false);
  });

  it("has no text for ids that the model has and the tokenizer lacks", () => {
    const padded: Tokenizer = {
      ...bytes,
      decode: (ids) => {
        if (ids.some((id) => id > 255)) throw new Error("there is no such token");
        return bytes.decode(ids);
      },
    };
    const stream = new TextStream(padded, [300, 97], []);
    expect([98, 301, 99].map((token) => stream.push(token).text)).toEqual(["b", "", "c"]);
    expect([stream.preview(301), stream.preview(100)]).toEqual(["<301>", "d"]);
  });

  it("ends at the earliest of several stop strings", () => {
    const { pieces } = push(new TextStream(bytes, [], ["d", "cd", "bcd"]), "abcd");
    expect(pieces.join("")).toBe("a");
  });

  it("is silent without a tokenizer", () => {
    expect(new TextStream(undefined, [1], ["x"]).push(3)).toEqual({ text: "", stopped: false });
  });
});
