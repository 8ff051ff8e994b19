/** What of the disk a request can name. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fieldsOf } from "@mlxterp/results";
import { afterAll, describe, expect, it } from "vitest";
import { ForbiddenPathError } from "../errors/errors.js";
import { createServer } from "../index.js";
import { refusal, send } from "../testing/request.js";
import { allMethods } from "../work/all-methods.js";
import { confinedPath } from "./confined-path.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-roots-"));
const [root, outside] = [join(folder, "root"), join(folder, "root-outside")];
for (const one of [join(root, "good"), join(root, "leaks"), outside])
  mkdirSync(one, { recursive: true });
writeFileSync(join(outside, "secret"), "");
writeFileSync(join(root, "good/config.json"), "{}");
symlinkSync(join(root, "good"), join(root, "alias"));
symlinkSync(outside, join(root, "way-out"));
symlinkSync(join(outside, "secret"), join(root, "leaks/model.safetensors"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a confined path", () => {
  it.each(["good", "alias", "good/config.json", "way-out/../good"])("may be %s", (name) => {
    expect(confinedPath(join(root, name), [root])).toContain("good");
  });

  it.each([
    join(root, "way-out"),
    join(root, "leaks"),
    join(root, "../root-outside"),
    `${root}-outside/secret`,
    join(root, "missing"),
    "/etc/passwd",
    `${root}\0`,
    "",
  ])("may not be %j", (path) => {
    expect(() => confinedPath(path, [root])).toThrow(ForbiddenPathError);
  });

  it("says the same of what is missing and of what is forbidden", () => {
    const said = (path: string) => {
      try {
        return confinedPath(path, [root]);
      } catch (error) {
        return (error as Error).message.replace(path, "");
      }
    };
    expect(said("/etc/passwd")).toBe(said("/etc/nothing-of-this-name"));
  });
});

describe("a request", () => {
  const server = createServer();
  const input = "Mary and John";

  it.each([
    ["/api/models", { source: "/etc" }],
    ["/api/models", { source: "../" }],
    ["/api/models", { source: "packages" }],
    ["/api/models", { source: "tiny", options: { adapter: outside } }],
    ["/api/models/tiny/methods/lens", { input, options: { translators: outside } }],
    ["/api/models/tiny/methods/tuned-lens", { input, options: { lens: outside } }],
    ["/api/models/tiny/methods/tuned-lens", { input, options: { file: "/etc/passwd" } }],
    ["/api/models/tiny/methods/features", { input, options: { dictionary: "/etc/passwd" } }],
    ["/api/models/tiny/methods/graph", { input, options: { transcoders: outside } }],
    ["/api/models/tiny/methods/feature-circuit", { input, options: { dictionaries: [outside] } }],
    ["/api/models/tiny/methods/crosscoder", { input, options: { crosscoder: outside } }],
    ["/api/models/tiny/methods/similarity", { input, options: { other: outside } }],
    ["/api/models/tiny/methods/diff", { input, options: { other: outside } }],
  ])("names no path without roots: %s %j", async (path, body) => {
    expect(await refusal(await send(server, path, body))).toEqual([403, "FORBIDDEN_PATH"]);
  });

  it("cannot, since every option that speaks of folders or files says so in its schema", () => {
    const fields = allMethods([]).flatMap(({ options }) => fieldsOf(options));
    const silent = fields.filter(
      ({ description, reads, writes }) =>
        /\b(folder|file)s?\b/.test(description) && (reads ?? writes) === undefined,
    );
    expect(silent.map(({ name }) => name)).toEqual(["site"]); // a place in the model that files tell
    expect(fields.filter(({ name }) => name === "other").map(({ reads }) => reads)).toEqual(["model", "model", "model"]); // biome-ignore format: one line
  });

  it.each(["save", "checkpoint"])("writes nothing: %s of a tuned lens", async (name) => {
    const body = { input, options: { [name]: join(outside, "lens") } };
    const response = await send(server, "/api/models/tiny/methods/tuned-lens", body);
    expect(await refusal(response)).toEqual([400, "INVALID_REQUEST"]);
  });

  it("names no file as a task", async () => {
    const body = { input: { task: "/etc/passwd.json" } };
    const response = await send(server, "/api/models/tiny/methods/task", body);
    expect(await refusal(response)).toEqual([422, "INVALID_ARGUMENT"]);
  });
});
