/** Edits of views as JSON and in files: the same view comes back, and what cannot be written is named. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InterpretableModel, type Intervention, replaceModule, skip, splice } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { addVector } from "../add-vector/add-vector.js";
import { atPositions } from "../at-positions/at-positions.js";
import { clamp } from "../clamp/clamp.js";
import { compose } from "../compose/compose.js";
import { InvalidInterventionError, NotSerializableError } from "../errors.js";
import { noise } from "../noise/noise.js";
import { replaceWith } from "../replace-with/replace-with.js";
import { scale } from "../scale/scale.js";
import { values } from "../test-support.js";
import { zeroOut } from "../zero-out/zero-out.js";
import { loadEdits, saveEdits } from "./edit-files.js";
import { editsToJSON } from "./edits-to-json.js";
import { parseEdits } from "./parse-edits.js";

/** Residual layers over embedded tokens. */
class Small extends nn.Module {
  embed = new nn.Embedding(10, 4);
  layers = [0, 1, 2].map(() => new nn.Linear(4, 4));

  override forward(ids: MxArray): MxArray {
    return this.layers.reduce<MxArray>(
      (x, layer) => mx.add(x, layer.forward(x)),
      this.embed.forward(ids),
    );
  }
}

const model = new InterpretableModel(new Small());
const prompts = [[1, 2, 3], [4]];
const logits = (view: typeof model) => values(view.forward(prompts));
const folder = mkdtempSync(join(tmpdir(), "edits-"));
afterAll(() => rmSync(folder, { recursive: true }));

const number = fc.double({ min: -10, max: 10, noNaN: true }).map((value) => value + 0);
const vector = fc.array(number, { minLength: 4, maxLength: 4 });
const simple: fc.Arbitrary<Intervention> = fc.oneof(
  number.map((factor) => scale(factor)),
  vector.map((list) => addVector(list, { scale: 0.3 })),
  vector.map((list) => addVector(mx.array(list))),
  number.map((min) => clamp({ min })),
  fc.nat().map((seed) => noise({ std: 0.1, seed })),
  fc.constantFrom(skip(), skip({ output: "zeros" }), zeroOut()),
  number.map((value) => atPositions(-1, compose(replaceWith(value), scale(2)))),
);
const selector = fc.constantFrom("layers.0", "layers.*", "layers.{1,2}", "layers.-1");
const edit = fc.dictionary(
  selector,
  fc.oneof(simple, fc.array(simple, { minLength: 1, maxLength: 3 })),
  { minKeys: 1, maxKeys: 3 },
);

describe("edits in JSON", () => {
  it("make the same view again, bit for bit", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const view = edits.reduce((before, one) => before.edit(one), model);
        const wire: unknown = JSON.parse(JSON.stringify(editsToJSON(view)));
        const again = model.withEdits(parseEdits(wire));
        expect(logits(again)).toEqual(logits(view));
        expect(editsToJSON(again)).toEqual(wire);
      }),
      { numRuns: 60 },
    );
  });

  it("read like the calls", () => {
    const view = model
      .edit({ "layers.0": scale(0.5) }, { name: "calm" })
      .edit({ "layers.1": [skip(), zeroOut()] });
    expect(editsToJSON(view)).toEqual({
      version: 1,
      edits: [
        { name: "calm", interventions: { "layers.0": { type: "scale", factor: 0.5 } } },
        { name: "edit2", interventions: { "layers.1": [{ type: "skip" }, { type: "zeroOut" }] } },
      ],
    });
    expect(editsToJSON(model)).toEqual({ version: 1, edits: [] });
  });

  it("are refused with edit, site and part where they are no data", () => {
    const mine: Intervention = (x) => x;
    const attempts = [
      [{ "layers.0": [zeroOut(), mine] }, /^layers\.0\[1\] of edit "bad" .* mine is a function/],
      [
        { "layers.1": replaceModule(new nn.Linear(4, 4)) },
        /^layers\.1 of edit "bad".*replaceModule/,
      ],
      [{ "layers.1": [splice(new nn.Linear(4, 4))] }, /^layers\.1 of edit "bad".*splice holds/],
      [{ "layers.1": skip({ output: (x) => x }) }, /^layers\.1\.output of edit "bad"/],
    ] as const;
    for (const [edits, message] of attempts) {
      const view = model.edit({ embed: scale(2) }).edit(edits, { name: "bad" });
      expect(() => editsToJSON(view)).toThrow(NotSerializableError);
      expect(() => editsToJSON(view)).toThrow(message);
    }
  });

  it.each([
    [{}, /^version/],
    [{ version: 2, edits: [] }, /^version/],
    [{ version: 1, edits: [{ interventions: {} }] }, /^edits\[0\]\.name/],
    [{ version: 1, edits: [{ name: "a", interventions: [] }] }, /^edits\[0\]\.interventions/],
    [
      { version: 1, edits: [{ name: "a", interventions: { x: [{ type: "scale" }] } }] },
      /^edits\[0\]\.interventions\.x\[0\]\.factor/,
    ],
    [{ version: 1, edits: [], more: 1 }, /more/],
  ])("are refused with path and value where they are not well formed: %j", (json, message) => {
    expect(() => parseEdits(json)).toThrow(InvalidInterventionError);
    expect(() => parseEdits(json)).toThrow(message);
  });

  it("name what the other model has not, or what is there twice", () => {
    const edits = parseEdits(editsToJSON(model.edit({ "layers.2": zeroOut() })));
    class Shallow extends Small {
      override layers = [new nn.Linear(4, 4)];
    }
    const shallow = new InterpretableModel(new Shallow());
    expect(() => shallow.withEdits(edits)).toThrow(/"layers.2" matches no site/);
    expect(() => model.withEdits([...edits, ...edits])).toThrow(/already an edit named "edit1"/);
  });
});

describe("edits in a file", () => {
  it("come back as they were", async () => {
    const view = model.edit({ "layers.*": addVector(mx.array([0.1, 0.2, 0.3, 0.4])) });
    const file = join(folder, "edits.json");
    saveEdits(view, file);
    expect(logits(model.withEdits(await loadEdits(file)))).toEqual(logits(view));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(editsToJSON(view));
  });

  it("are not written in part, and not read from what is no JSON", async () => {
    const folderOfOne = join(folder, "one");
    const mine: Intervention = (x) => x;
    const file = join(folderOfOne, "bad.json");
    expect(() => saveEdits(model.edit({ embed: mine }), file)).toThrow(NotSerializableError);
    saveEdits(model, file);
    writeFileSync(file, "{");
    expect(readdirSync(folderOfOne)).toEqual(["bad.json"]);
    await expect(loadEdits(file)).rejects.toThrow(/is not JSON/);
    await expect(loadEdits(join(folder, "none.json"))).rejects.toThrow(/ENOENT/);
  });
});
