/** Every method has a page that says what its schema says, and stands in the list of methods. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fieldsOf } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { methods } from "./methods.js";

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const here = fileURLToPath(new URL(".", import.meta.url));
const rooms = readdirSync(here).filter((name) => existsSync(`${here}${name}/method.ts`));
const roomOf = (name: string) =>
  rooms.find((room) => read(`./${room}/method.ts`).includes(`name: "${name}"`));
const list = read("../../../docs/methods/README.md");

describe.each(methods.map((method) => [method.name, method] as const))(
  "the page of %s",
  (name, method) => {
    const page = read(`./${roomOf(name)}/README.md`);

    it("has a question, a picture, an example, options, reading, caveats and a source", () => {
      expect(page.split("\n")[0]).toBe(`# ${method.title}`);
      expect(page.match(/^```(sh|text|ts)$/gm)).toEqual(["```sh", "```text", "```ts"]);
      expect(page.match(/^## .*$/gm)).toEqual([
        "## Options",
        "## How to read it",
        "## Caveats",
        "## Source",
      ]);
      expect(page).toContain(`mlxterp ${name}`);
    });

    it("says of every option what the schema says", () => {
      for (const field of fieldsOf(method.options)) {
        const preset = field.default === undefined ? "–" : `\`${JSON.stringify(field.default)}\``;
        const filled = field.required ? "required" : preset;
        expect(page).toContain(`| \`${field.name}\` | ${filled} | ${field.description} |`);
      }
    });

    it("stands in the list", () => {
      expect(list).toContain(
        `[${method.title}](../../packages/analysis/src/${roomOf(name)}/README.md)`,
      );
      expect(list).toContain(`\`mlxterp ${name}\``);
    });
  },
);
