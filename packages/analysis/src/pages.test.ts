/** Every method has a page that says what its schema says, and stands in the list of methods. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fieldsOf } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { activationAdditionOptions } from "./activation-addition/options.js";
import { methods } from "./methods.js";

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const here = fileURLToPath(new URL(".", import.meta.url));
const rooms = readdirSync(here).filter((name) => existsSync(`${here}${name}/method.ts`));
const roomOf = (name: string) =>
  rooms.find((room) => read(`./${room}/method.ts`).includes(`name: "${name}"`));
const list = read("../../../docs/methods/README.md");

/** Rooms that make something else than a result, the command that has them, and what they are asked. */
const others = { "activation-addition": ["generate --steer", activationAdditionOptions] } as const;

const pages = [
  ...methods.map(({ name, title, options }) => ({ title, room: roomOf(name), name, options })),
  ...Object.entries(others).map(([room, [name, options]]) => {
    return { title: read(`./${room}/README.md`).split("\n")[0].slice(2), room, name, options };
  }),
];

it("has a page for every room that shows one", () => {
  const shown = readdirSync(here).filter((name) => existsSync(`${here}${name}/README.md`));
  expect(pages.map(({ room }) => room).sort()).toEqual(shown.sort());
});

describe.each(pages.map((one) => [one.name, one] as const))("the page of %s", (name, about) => {
  const { title, room, options } = about;
  const page = read(`./${room}/README.md`);

  it("has a question, a picture, an example, options, reading, caveats and a source", () => {
    expect(page.split("\n")[0]).toBe(`# ${title}`);
    expect(page.match(/^```(sh|text|ts)$/gm)).toEqual(["```sh", "```text", "```ts"]);
    expect(page.match(/^## .*$/gm)).toEqual([
      "## Options",
      "## How to read it",
      "## Caveats",
      "## Source",
    ]);
    const [verb, ...flags] = name.split(" ");
    for (const part of [`mlxterp ${verb}`, ...flags]) expect(page).toContain(part);
  });

  it("says of every option what the schema says", () => {
    for (const field of fieldsOf(options)) {
      const preset = field.default === undefined ? "–" : `\`${JSON.stringify(field.default)}\``;
      const filled = field.required ? "required" : preset;
      expect(page).toContain(`| \`${field.name}\` | ${filled} | ${field.description} |`);
    }
  });

  it("stands in the list", () => {
    expect(list).toContain(`[${title}](../../packages/analysis/src/${room}/README.md)`);
    expect(list).toContain(`\`mlxterp ${name}\``);
  });
});
