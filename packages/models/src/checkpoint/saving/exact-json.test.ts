/** JSON with exact numbers, on what configs hold and on strings that look like numbers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readExactJson, writeExactJson } from "./exact-json.js";

describe("exact JSON", () => {
  it("keeps the spelling of every number", () => {
    const text = `{
  "router_jitter_noise": 0.0,
  "rms_norm_eps": 1e-05,
  "factors": [1.0, -2, 3.50E+2],
  "text": "4.0 and \\"5.0\\" \\\\"
}`;
    const value = readExactJson(text);
    expect(writeExactJson({ ...value, added: 7 }).replace(/\s/g, "")).toBe(
      `${text.slice(0, -2)}, "added": 7}`.replace(/\s/g, ""),
    );
  });

  it("means the same as JSON, whatever the value", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const written = writeExactJson(readExactJson(JSON.stringify(value)));
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
